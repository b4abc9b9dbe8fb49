// Is what each API server serves made for the address that clients use, the load balancer's?
import { defineRule, fail, notApplicable, pass } from '../../src/judge/define-rule.ts';
import { lookAtCertificate, planToReissue } from '../../src/judge/plans/reissue-certificate.ts';
import { certificateNeeds, lookAt } from '../../src/judge/readings/certificate.ts';
import { covers, namesOn } from '../../src/judge/readings/certificate-names.ts';
import { describeLeaf } from '../../src/judge/readings/certificate-words.ts';
import { ownerOfLeaf } from '../../src/judge/readings/entry.ts';
import { masterCertificates } from '../../src/judge/readings/served-names.ts';
import { isLoopback, splitAddress } from '../../src/judge/topology/build.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';

const needs = [...certificateNeeds, 'operator.kubeconfig', 'kube.kubeadm-config'] as const;

export default defineRule({
  id: 'cert-san-missing-lb',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: 'the API-server certificate of {node} is not made for {missing}',
  healthy: 'API servers serve certificates made for the address that clients use',
  why: 'Clients that come by that address refuse the answer of this master: each connection that the load balancer sends here fails.',
  shows: ['{node} {where}  sha256 {sha256}', '  made for {names}', '  clients use {wanted}', 'if alone:   {alone}'],
  folded: 'certificate not made for {missing}',
  needs,
  limits: {},
  reasons: [],
  subjects: (seen) => masterCertificates(seen),
  judge: (seen, _limits, subject) => {
    const wanted = clientHosts(seen);
    if (wanted.length === 0) return notApplicable('no address in front of the API servers is known');
    const { place, leaves } = lookAt(seen, subject);
    const leaf = leaves.find((one) => one.served);
    if (leaf === undefined) return notApplicable('it serves nothing here');
    const missing = wanted.filter((host) => !covers(leaf.certificate, host));
    const facts = { ...describeLeaf(place, leaf), names: namesOn(leaf.certificate), wanted: wanted.join(', ') };
    if (missing.length === 0) return pass(facts);
    // Whoever verifies nothing may dial a tunnel or a name of his own: no client that verifies need use it.
    const isOwn = seen.get('operator.kubeconfig').authority === 'not-checked' && !missing.includes(endpointHost(seen) ?? '');
    return fail(
      { ...facts, missing: missing.join(', '), alone: isOwn ? 'only your kubeconfig names it, and that verifies no certificate' : '' },
      { group: place.role, witness: 'stated', ...(isOwn && { severity: 'info', impact: 'at-risk' }) },
    );
  },
  explains: [
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'cluster',
      because: 'clients refuse what is not made for the address they dialled',
      produces: ['partial', 'untrusted', 'tls'],
      covers: 'all',
      match: 'apiserver',
      unproven: true,
    },
    {
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'node',
      because: 'a check that verifies the name takes it out',
      produces: ['tls', 'http'],
      unproven: true,
    },
    { to: 'ha-node-notready', kind: 'hints', on: 'cluster', because: 'kubelets that come by the load balancer refuse it' },
  ],
  fixes: planFor,
  avoid: () => ['kubeadm certs renew for this: it copies the names of the old certificate', 'insecure-skip-tls-verify in kubeconfigs'],
  reading: ['https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/'],
  errors: [
    'x509: certificate is valid for',
    'ERR_TLS_CERT_ALTNAME_INVALID',
    'cannot validate certificate for',
    "because it doesn't contain any IP SANs",
  ],
});

/** Of the kubeconfig in use and of kubeadm's own; a tunnel's end on this machine is nobody else's address. */
function clientHosts(seen: Seen<(typeof needs)[number]>): readonly string[] {
  const { entry, entryIsMaster, platform } = seen.topology;
  if (platform.kind === 'managed') return [];
  const kubeconfig = seen.get('operator.kubeconfig');
  const dialled = kubeconfig.tlsServerName ?? entry?.host;
  const own = entryIsMaster || endsElsewhere(seen) ? [] : [dialled];
  return [
    ...new Set([...own, endpointHost(seen)].flatMap((host) => (host === undefined || host === '' || isLoopback(host) ? [] : [host]))),
  ];
}

/** What the cluster itself says clients use. */
function endpointHost(seen: Seen<'kube.kubeadm-config'>): string | undefined {
  const config = seen.peek('kube.kubeadm-config');
  return config?.state === 'known' ? splitAddress(config.value.controlPlaneEndpoint, 6443)?.host : undefined;
}

/** Something in front ends TLS with a certificate of its own: then clients never see what the masters serve. */
function endsElsewhere(seen: Seen<'lb.tries' | 'api.ready'>): boolean {
  const item = seen.peek('lb.tries');
  const leaves = item?.state === 'known' ? item.value.tries.flatMap((one) => one.chain.slice(0, 1)) : [];
  return leaves.length > 0 && leaves.every((leaf) => ownerOfLeaf(seen, leaf) === undefined);
}

function planFor({ facts, verdicts }: Cause, seen: Seen): readonly Fix[] {
  const missing = String(facts['missing']);
  const steps = verdicts.map(({ facts: own, subject }) =>
    planToReissue({ node: subject.name, role: 'apiserver', where: String(own['where']), served: true, look: '-ext subjectAltName' }, seen),
  );
  if (seen.topology.platform.kind !== 'kubeadm') return steps;
  return [
    {
      do: say('Add {missing} to apiServer.certSANs of kubeadm’s configuration, for masters to come too', { missing }),
      where: 'here',
      run: ['kubectl -n kube-system edit configmap kubeadm-config'],
      risk: 'low',
      needs: [],
      verify: ["kubectl -n kube-system get configmap kubeadm-config -o jsonpath='{.data.ClusterConfiguration}' | grep -A5 certSANs"],
    },
    ...steps,
    {
      do: 'See what clients are shown',
      where: 'here',
      run: seen.topology.entry === undefined ? [] : [lookAtCertificate(seen.topology.entry.subject.id, true, '-ext subjectAltName')],
      risk: 'none',
      needs: [],
      verify: [],
    },
  ];
}
