// Is what each API server serves made for the names by which pods and its own node reach it?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToReissue } from '../../src/judge/plans/reissue-certificate.ts';
import { certificateNeeds, lookAt } from '../../src/judge/readings/certificate.ts';
import { covers, firstServiceAddress, namesOn } from '../../src/judge/readings/certificate-names.ts';
import { describeLeaf } from '../../src/judge/readings/certificate-words.ts';
import { masterCertificates } from '../../src/judge/readings/served-names.ts';
import { parseFlags } from '../../src/model/flags.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Master } from '../../src/model/topology.ts';

const needs = [...certificateNeeds, 'kube.kubeadm-config'] as const;
type Needs = (typeof needs)[number];

export default defineRule({
  id: 'cert-san-missing-required',
  area: 'certificates',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: 'the API-server certificate of {node} is not made for {missing}',
  healthy: 'API servers serve certificates made for the names that pods use',
  why: 'Pods reach the API by the Service kubernetes; what is not made for its names and address they refuse.',
  shows: ['{node} {where}  sha256 {sha256}', '  made for {names}', '  misses {missing}'],
  folded: 'certificate not made for {missing}',
  needs,
  limits: {},
  reasons: [],
  subjects: (seen) => masterCertificates(seen),
  judge: (seen, _limits, subject) => {
    if (seen.topology.platform.kind === 'managed') return notApplicable('the provider chooses the names');
    const { place, leaves } = lookAt(seen, subject);
    const leaf = leaves.find((one) => one.served);
    if (leaf === undefined) return notApplicable('it serves nothing here');
    const master = seen.topology.masters.find((one) => one.subject.id === subject.keys.apiserver);
    const services = serviceAddresses(seen, subject.name);
    const known = [...kubernetesNames(seen), ...services, ...(master === undefined ? [] : [advertisedBy(master)])];
    const missing = known.filter((name) => !covers(leaf.certificate, name));
    const facts = { ...describeLeaf(place, leaf), names: namesOn(leaf.certificate) };
    if (missing.length > 0) return fail({ ...facts, missing: missing.join(', ') }, { group: place.role, witness: 'stated' });
    if (services.length === 0)
      return undecided(
        'the address of the Service kubernetes is not known',
        'kubectl get service kubernetes -o jsonpath={.spec.clusterIPs}',
      );
    return pass(facts);
  },
  explains: [
    {
      to: 'api-aggregated-unavailable',
      kind: 'hints',
      on: 'cluster',
      because: 'extension API servers log in to the API by the Service’s name',
    },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.map(({ facts, subject }) =>
      planToReissue(
        { node: subject.name, role: 'apiserver', where: String(facts['where']), served: true, look: '-ext subjectAltName' },
        seen,
      ),
    ),
  avoid: () => ['kubeadm certs renew for this: it copies the names of the old certificate'],
  reading: ['https://kubernetes.io/docs/setup/best-practices/certificates/#all-certificates'],
  errors: ['x509: certificate is valid for', 'not 10.96.0.1', 'kubernetes.default.svc'],
});

/** By which the cluster knows it; another address may be for us alone. */
function advertisedBy({ host, doors }: Master): string {
  return doors.find(({ origin }) => origin === 'listed')?.host ?? host;
}

/** As the page on certificates and requirements lists them. */
function kubernetesNames(seen: Seen<Needs>): readonly string[] {
  const config = seen.peek('kube.kubeadm-config');
  const domain = config?.state === 'known' ? config.value.dnsDomain : undefined;
  const service = 'kubernetes.default.svc';
  return ['kubernetes', 'kubernetes.default', service, ...(domain === undefined || domain === '' ? [] : [`${service}.${domain}`])];
}

/** The first address of each range of Services, by the flag of that very API server or else kubeadm's configuration. */
function serviceAddresses(seen: Seen<Needs>, node: string): readonly string[] {
  const pods = seen.peek('kube.control-plane-pods');
  const pod = pods?.state === 'known' ? pods.value.pods.find((one) => one.component === 'kube-apiserver' && one.node === node) : undefined;
  const flag = parseFlags(pod?.containers[0]?.command ?? []).get('service-cluster-ip-range');
  const config = seen.peek('kube.kubeadm-config');
  const ranges = flag ?? (config?.state === 'known' ? config.value.serviceSubnet : undefined) ?? '';
  return ranges.split(',').flatMap((range) => firstServiceAddress(range) ?? []);
}
