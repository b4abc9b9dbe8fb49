// Does the operator's kubeconfig hold the authority that the API servers' certificates are signed by?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { bringKubeconfig } from '../../src/judge/plans/bring-kubeconfig.ts';
import { isKubeadm } from '../../src/judge/readings/component-home.ts';
import { oddKubeconfig } from '../../src/judge/readings/odd-kubeconfig.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import type { KubeconfigSeen } from '../../src/model/operator.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';

export default defineRule({
  id: 'cert-kubeconfig-authority',
  area: 'certificates',
  since: '0.2.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: 'your kubeconfig holds another authority than the one that signed the certificates of {nodes}',
  healthy: 'your kubeconfig holds the authority of the API servers',
  why: 'Whoever uses this kubeconfig refuses every API server. They agree with each other: the cluster may be well for everybody else.',
  shows: ['{nodes}  signed by {issuer}, key {key}', 'context {context} in {path}  {held}'],
  folded: 'the kubeconfig holds another authority',
  needs: ['operator.kubeconfig', 'lb.tries', 'api.ready', 'kube.nodes'],
  limits: {},
  reasons: ['other', 'system'],
  subjects: () => [{ kind: 'operator', id: 'operator', name: 'you', keys: {} }],
  judge: (seen) => {
    const kubeconfig = seen.get('operator.kubeconfig');
    const odd = oddKubeconfig(seen);
    if (odd !== undefined && trustsEntry(seen))
      return pass({ path: kubeconfig.path, note: 'its own address is trusted; API servers show another leaf at theirs' });
    if (odd !== undefined) {
      const facts = {
        nodes: odd.nodes.join(', '),
        issuer: odd.issuer,
        key: odd.key.slice(0, 16),
        path: kubeconfig.path,
        context: kubeconfig.context,
        held: heldBy(kubeconfig, odd.held),
      };
      return fail(facts, { reason: kubeconfig.authority === 'system' ? 'system' : 'other', witness: 'stated' });
    }
    const { masters } = seen.topology;
    const judged = masters.filter(({ subject }) => {
      const item = seen.peek('api.ready', subject);
      return item?.state === 'known' && item.value.tries.some(({ trust }) => trust.kind !== 'not-judged');
    });
    const [first] = masters;
    if (judged.length > 0) return pass({ path: kubeconfig.path });
    if (first !== undefined) seen.get('api.ready', first.subject);
    return undecided('no certificate of an API server was judged by the authority in the kubeconfig', '--masters <host:port,…>');
  },
  explains: [
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'what the API servers show there is refused by this kubeconfig alone',
      produces: ['untrusted', 'tls'],
      unproven: true,
    },
  ],
  fixes: planFor,
  avoid: () => ['make the API servers’ certificates anew: they agree with each other, and everybody else may trust them'],
  reading: ['https://kubernetes.io/docs/concepts/configuration/organize-cluster-access-kubeconfig/'],
  errors: ['Unable to connect to the server: tls: failed to verify certificate: x509: certificate signed by unknown authority'],
});

/** A kubeconfig is made for the address it names: what the machines behind that show to others is not for it. */
function trustsEntry(seen: Seen<'lb.tries'>): boolean {
  const entry = seen.peek('lb.tries');
  return entry?.state === 'known' && entry.value.tries.some(({ trust }) => trust.kind === 'trusted');
}

function heldBy({ authority }: KubeconfigSeen, held: readonly { readonly subject: string; readonly keyId?: string }[]): Text {
  if (authority === 'system') return 'names no authority: those of this machine are used';
  const words = held.map(({ subject, keyId }) => (keyId === undefined ? subject : `${subject}, key ${keyId.slice(0, 16)}`));
  return words.length === 0 ? 'holds another authority' : say('holds {held}', { held: words.join('; ') });
}

function planFor({ facts }: Cause, seen: Seen): readonly Fix[] {
  const master = seen.topology.masters[0];
  const look: Fix = {
    do: 'See whether this kubeconfig is of this cluster: another one may have had this address before',
    where: 'here',
    run: [
      "kubectl config view --minify --raw -o jsonpath='{.clusters[0].cluster.certificate-authority-data}' | base64 -d | openssl x509 -noout -subject -dates -ext subjectKeyIdentifier",
    ],
    risk: 'none',
    needs: [],
    verify: [],
  };
  if (master === undefined || !isKubeadm(seen)) return [look];
  return [
    look,
    bringKubeconfig(master, String(facts['path']), {
      text: say('{node} is the machine you think it is', { node: master.subject.name }),
      met: 'unknown',
    }),
  ];
}
