// Is a certificate signed, by signature and not by name, by the authority of its role, and made for its use?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { lookAtCertificate, planToReissue } from '../../src/judge/plans/reissue-certificate.ts';
import { certificateNeeds, certificateSubjects, type Leaf, lookAt } from '../../src/judge/readings/certificate.ts';
import { type Authority, describeRole, isUnverified, nameOfAuthority } from '../../src/judge/readings/certificate-role.ts';
import { describeLeaf } from '../../src/judge/readings/certificate-words.ts';
import type { Cause, Fix, Need, Seen } from '../../src/model/rule.ts';
import { oddKubeconfig } from '../../src/judge/readings/odd-kubeconfig.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import { effectsOfRefusal } from './edges/refused-leaf.ts';

interface Flaw {
  readonly reason: 'signature' | 'usage';
  readonly words: Text;
}

/** What can be said about one certificate: a flaw, nothing wrong, or nobody holds the authority to tell. */
type Finding = Flaw | 'good' | 'open';

export default defineRule({
  id: 'cert-chain-invalid',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  title: 'the {name} certificate of {node} {words}',
  healthy: 'certificates are signed by the authority of their role',
  why: 'Whoever holds the right authority refuses it. Another authority may bear the same name: only its key tells them apart.',
  shows: ['{node} {where}  role {role}', '  serial {serial}  sha256 {sha256}', '  issuer {issuer}  key id {keyId}', '  {words}'],
  folded: '{name} certificate {words}',
  needs: certificateNeeds,
  limits: {},
  reasons: ['signature', 'usage'],
  // What a kubelet or controller serves is signed by itself unless somebody chose otherwise; what only the LB shows is the LB's.
  subjects: (seen) =>
    certificateSubjects(seen).filter(({ id, keys }) => !isUnverified(id.slice(id.lastIndexOf('/') + 1)) && keys.lb === undefined),
  judge: (seen, _limits, subject) => {
    const { place, leaves } = lookAt(seen, subject);
    const { severity, impact } = describeRole(place.role);
    const judged = leaves.map((leaf) => ({
      leaf,
      found: judgeLeaf(leaf, place.role, place.role === 'apiserver' && oddKubeconfig(seen) !== undefined),
    }));
    for (const { leaf, found } of [...judged].sort((one, other) => Number(other.leaf.served) - Number(one.leaf.served))) {
      if (typeof found === 'string') continue;
      const { issuer, authorityKeyId = '?' } = leaf.certificate;
      const facts = { ...describeLeaf(place, leaf), issuer, keyId: authorityKeyId.slice(0, 16), words: found.words };
      return fail(facts, { reason: found.reason, severity, impact, group: place.role, witness: 'stated' });
    }
    const open = judged.find(({ found }) => found === 'open');
    if (open !== undefined) return undecided(...openWords(place.role, open.leaf));
    return pass({ node: subject.name, role: place.role });
  },
  explains: effectsOfRefusal({ shown: ['clients', 'shallow check', 'entry', 'kubelet beside'] }),
  fixes: planFor,
  avoid: ({ verdicts }) => [
    'run kubeadm init on a machine that has no ca.key: it makes another authority of the same name',
    ...(verdicts.length > 1 ? ['make it anew on two machines at once: one, then look, then the next'] : []),
  ],
  reading: ['https://kubernetes.io/docs/setup/best-practices/certificates/'],
  errors: [
    'x509: certificate signed by unknown authority',
    'x509: certificate specifies an incompatible key usage',
    'tls: unknown certificate authority',
    'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  ],
});

/** @param isOurs whether it is our own authority that is unlike those of all API servers. */
function judgeLeaf({ certificate, trust, signers, served }: Leaf, role: string, isOurs: boolean): Finding {
  const { usages, authority } = describeRole(role);
  const missing =
    certificate.usages === undefined || certificate.usages.length === 0 ? [] : usages.filter((one) => !certificate.usages?.includes(one));
  if (missing.length > 0) return { reason: 'usage', words: say('may not be used as {usages}', { usages: missing.join(' and ') }) };
  if (served) {
    if (isOurs) return 'open';
    if (trust?.kind === 'untrusted' && trust.why === 'unknown-authority')
      return { reason: 'signature', words: say('is not signed by the {name} authority', { name: nameOfAuthority(authority ?? '') }) };
    return trust === undefined || trust.kind === 'not-judged' ? 'open' : 'good';
  }
  if (signers === undefined || signers.expected.length === 0) return 'open';
  if (signers.own.some((one) => signers.expected.includes(one))) return 'good';
  return { reason: 'signature', words: say('is not signed by the {name} authority beside it', { name: nameOfAuthority(authority ?? '') }) };
}

function openWords(role: string, { trust }: Leaf): [string, string] {
  if (role === 'etcd-peer' && trust?.kind === 'not-judged') return [trust.why, 'run ha-doctor on a machine of etcd, as root'];
  if (role.startsWith('etcd-')) return ['no authority of etcd is known to check it with', '--etcd-cacert <file>'];
  if (role === 'apiserver')
    return ['the kubeconfig names no authority to check it with', '--kubeconfig <file with certificate-authority-data>'];
  return ['the authority of its role was not seen', 'run ha-doctor on that machine, as root'];
}

function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.flatMap(({ facts, subject }) => {
    const [node, role, where] = [subject.name, String(facts['role']), String(facts['where'])];
    const served = facts['kind'] === 'served';
    const authority = describeRole(role).authority ?? 'ca';
    const file = authorityFile(seen, role, authority);
    const look: Fix = {
      do: say('See whose key signed it, and whether {node} holds the authority that the other machines hold', { node }),
      where: node,
      run: [
        lookAtCertificate(where, served, '-issuer -ext authorityKeyIdentifier'),
        `openssl x509 -in ${file} -noout -ext subjectKeyIdentifier -fingerprint -sha256`,
      ],
      risk: 'none',
      needs: [],
      verify: [],
    };
    const needs: readonly Need[] = [{ text: say('{file} on {node} is that of the other machines', { file, node }), met: 'unknown' }];
    return [look, planToReissue({ node, role, where, served, needs, look: '-issuer -ext authorityKeyIdentifier' }, seen)];
  });
}

/** Where the machine keeps the authority of this role. */
function authorityFile({ topology }: Seen, role: string, authority: Authority): string {
  const { kind } = topology.platform;
  if (kind !== 'k3s' && kind !== 'rke2') return `/etc/kubernetes/pki/${authority.replace(/^etcd-/, 'etcd/')}.crt`;
  const ofRole = { 'etcd-peer': 'etcd/peer-ca', 'etcd-server': 'etcd/server-ca', apiserver: 'server-ca' }[role];
  const ofClients = { ca: 'client-ca', 'etcd-ca': 'etcd/server-ca', 'front-proxy-ca': 'request-header-ca' }[authority];
  return `/var/lib/rancher/${kind}/server/tls/${ofRole ?? ofClients}.crt`;
}
