// Does each private key belong to the certificate it lies beside?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { keepCopy, keptCopy, putBack } from '../../src/judge/plans/exchange-files.ts';
import { planToReissue, restartOf } from '../../src/judge/plans/reissue-certificate.ts';
import { planToRenew } from '../../src/judge/plans/renew-certificate.ts';
import { isKubeadm } from '../../src/judge/readings/component-home.ts';
import { readerOf } from '../../src/judge/readings/kubeconfig-files.ts';
import { certificateNeeds } from '../../src/judge/readings/certificate.ts';
import { placeOf } from '../../src/judge/readings/certificate-places.ts';
import { ofRole, reachesEtcd } from '../../src/judge/readings/certificate-gates.ts';
import { describeRole } from '../../src/judge/readings/certificate-role.ts';
import { setOf, subjectsInFiles } from '../../src/judge/readings/file-subjects.ts';
import { keyPairsIn } from '../../src/judge/readings/key-pairs.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';

const startless = ['refused', 'hung', 'closed', 'reset'];

export default defineRule({
  id: 'cert-key-pair-mismatch',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: 'the {name} key on {node} {words}',
  healthy: 'keys belong to their certificates',
  why: 'What reads this pair refuses to start, or loses its connections; one that runs goes on until its next start.',
  shows: ['{node} {path}  key {keyPath}', '  {words}', '  by the digests of the public keys: {wanted}, {found}'],
  folded: '{name} key {words}',
  needs: certificateNeeds,
  limits: {},
  reasons: ['differs', 'missing', 'open'],
  subjects: (seen) =>
    subjectsInFiles(seen, (set) => {
      const pairs = keyPairsIn(set).filter(({ key }) => key !== undefined || (set.keys ?? []).length > 0);
      // A copy without any key is one thing that is not known, not one for each certificate.
      const roles = pairs.length > 0 ? pairs.map(({ role }) => role) : ['keys'];
      return roles.map((role) => placeOf(seen.topology, set.node, role));
    }),
  judge: (seen, _limits, subject) => {
    const set = setOf(seen, subject);
    const role = subject.id.slice(subject.id.lastIndexOf('/') + 1);
    const pair = keyPairsIn(set).find((one) => one.role === role);
    if (role === 'keys') return undecided('no key is among the files that were read', `run ha-doctor on ${set.node}, as root`);
    if (pair === undefined) return notApplicable('there is no such pair');
    const { path, key, wanted } = pair;
    const name = describeRole(role).name;
    const facts = { node: set.node, role, name, path, keyPath: key?.path ?? '?', wanted: short(wanted), found: short(key?.publicKey) };
    if (key === undefined) {
      // Whoever copies certificates may leave keys behind; on the machine itself they have to be there.
      const here = seen.peek('here.files');
      const isOwn = here?.state === 'known' && here.value.node === set.node;
      if (!isOwn) return undecided(`the key of ${path} is not among the files that were read`, `run ha-doctor on ${set.node}, as root`);
      return fail({ ...facts, words: 'is missing' }, { reason: 'missing', group: role, witness: 'stated' });
    }
    if (key.publicKey === undefined || wanted === undefined)
      return undecided(`${key.path} is behind a passphrase or of an unknown kind`, `openssl pkey -in ${shellWord(key.path)} -pubout`);
    if (key.publicKey !== wanted)
      return fail({ ...facts, words: 'does not belong to its certificate' }, { reason: 'differs', group: role, witness: 'stated' });
    if (key.open && !key.isPublic)
      return fail(
        { ...facts, words: 'can be read by others than its owner' },
        { reason: 'open', severity: 'info', group: role, witness: 'stated' },
      );
    return pass(facts);
  },
  explains: [
    {
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'an API server with half of a pair ends at its start',
      when: ofRole('apiserver', 'apiserver-etcd-client', 'apiserver-kubelet-client', 'front-proxy-client'),
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'an API server with half of a pair ends at its start',
      produces: startless,
      when: ofRole('apiserver', 'apiserver-etcd-client', 'apiserver-kubelet-client', 'front-proxy-client'),
      unproven: true,
    },
    {
      to: 'etcd-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'a member with half of a pair ends at its start',
      when: ofRole('etcd-server', 'etcd-peer'),
      unproven: true,
    },
    {
      to: 'etcd-member-down',
      kind: 'causes',
      on: 'node',
      because: 'a member with half of a pair ends at its start, or answers no handshake',
      produces: ['refused', 'tls', 'hung'],
      when: ofRole('etcd-server', 'etcd-peer'),
      unproven: true,
    },
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'node',
      because: 'the API server or the member beside it has half of a pair',
      when: reachesEtcd('etcd-server', 'apiserver-etcd-client'),
      unproven: true,
    },
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'node',
      because: 'it cannot log in with half of a pair',
      when: ofRole('controller-manager.conf', 'scheduler.conf'),
      unproven: true,
    },
  ],
  fixes: planFor,
  avoid: () => ['copy a key from another machine: take certificate and key of one pair together, or make both anew'],
  reading: ['https://kubernetes.io/docs/setup/best-practices/certificates/'],
  errors: ['tls: private key does not match public key', 'key values mismatch'],
});

function short(digest: string | undefined): string {
  return digest === undefined ? '?' : `${digest.slice(0, 16)}…`;
}

function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.flatMap(({ facts, reason }): Fix | readonly Fix[] => {
    const [node, role, path, keyPath] = [facts['node'], facts['role'], facts['path'], facts['keyPath']].map(String) as [
      string,
      string,
      string,
      string,
    ];
    if (reason === 'open') {
      const run = [`chmod 600 ${shellWord(keyPath)}`];
      return {
        do: say('Keep the key on {node} to its owner', { node }),
        where: node,
        run,
        risk: 'low',
        needs: [],
        verify: [`ls -l ${shellWord(keyPath)}`],
      };
    }
    // kubeadm renews every kubeconfig that it makes except the kubelet's, which renews its own.
    if (role === 'kubelet.conf') return planToRenew({ node, role: 'kubelet-client', where: path, kind: 'file' }, true, seen);
    if (role.endsWith('.conf') && isKubeadm(seen)) {
      const reader = readerOf(role.slice(0, -'.conf'.length));
      const restart = reader?.startsWith('kube-') ? [restartOf(reader)] : [];
      const run = [keepCopy(seen), `test -e ${keptCopy(seen)} && kubeadm certs renew ${role}`, ...restart];
      return {
        do: say('Make it anew on {node}, as root', { node }),
        where: node,
        run,
        risk: 'medium',
        needs: [{ text: say('the key of its authority lies on {node}', { node }), met: 'unknown' }],
        verify: ['kubeadm certs check-expiration'],
        undo: [putBack(seen, role), ...restart],
      };
    }
    return planToReissue({ node, role, where: path, served: false, look: '-pubkey' }, seen);
  });
}
