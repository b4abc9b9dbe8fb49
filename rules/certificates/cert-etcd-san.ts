// Is what each etcd member serves made for the addresses by which API servers and the other members dial it?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToReissue } from '../../src/judge/plans/reissue-certificate.ts';
import { certificateNeeds, lookAt } from '../../src/judge/readings/certificate.ts';
import { covers, namesOn } from '../../src/judge/readings/certificate-names.ts';
import { describeRole } from '../../src/judge/readings/certificate-role.ts';
import { describeLeaf } from '../../src/judge/readings/certificate-words.ts';
import { memberCertificates } from '../../src/judge/readings/served-names.ts';
import { memberList } from '../../src/judge/readings/voters.ts';
import { isLoopback, splitAddress } from '../../src/judge/topology/build.ts';
import { etcdServers } from '../../src/judge/topology/members.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Member } from '../../src/model/topology.ts';
import { effectsOfRefusal } from './edges/refused-leaf.ts';

const needs = [...certificateNeeds, 'etcd.members'] as const;
type Needs = (typeof needs)[number];

export default defineRule({
  id: 'cert-etcd-san',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: 'the {name} certificate of {node} is not made for {missing}',
  healthy: 'etcd members serve certificates made for their addresses',
  why: 'Who dials the member by that address refuses it. Its peers also hold the address it comes from against its certificate.',
  shows: ['{node} {where}  role {role}  sha256 {sha256}', '  made for {names}', '  dialled by {dialled}'],
  folded: '{name} certificate not made for {missing}',
  needs,
  limits: {},
  reasons: ['client', 'peer'],
  subjects: (seen) => memberCertificates(seen),
  judge: (seen, _limits, subject) => {
    const { place, leaves } = lookAt(seen, subject);
    const leaf = leaves.find((one) => one.served);
    const member = seen.topology.members.find((one) => (one.subject.keys.node ?? one.host) === subject.name && one.started);
    if (leaf === undefined || member === undefined) return notApplicable('no member is there');
    const dialled = place.role === 'etcd-peer' ? peerHosts(seen, member) : clientHosts(seen, member);
    if (dialled.length === 0)
      return undecided('nobody tells by which address it is dialled', '--etcd-endpoints, --etcd-cacert, --etcd-cert, --etcd-key');
    const missing = dialled.filter((host) => !covers(leaf.certificate, host));
    const facts = { ...describeLeaf(place, leaf), names: namesOn(leaf.certificate), dialled: dialled.join(', ') };
    if (missing.length === 0) return pass(facts);
    const strange = missing.filter((host) => isStrange(seen, member, host));
    if (strange.length === missing.length)
      return undecided(
        `${strange.join(', ')}, by which ${subject.name} is listed, is no address of its node that the API knows: it may have moved`,
        `on ${subject.name}: ip -o addr`,
      );
    const { severity, impact } = describeRole(place.role);
    const reason = place.role === 'etcd-peer' ? 'peer' : 'client';
    return fail({ ...facts, missing: missing.join(', ') }, { reason, severity, impact, group: place.role, witness: 'stated' });
  },
  explains: effectsOfRefusal({ only: ['peers', 'election', 'etcd clients', 'readiness'] }),
  fixes: ({ verdicts }, seen) =>
    verdicts.map(({ facts, subject }) =>
      planToReissue(
        { node: subject.name, role: String(facts['role']), where: String(facts['where']), served: true, look: '-ext subjectAltName' },
        seen,
      ),
    ),
  avoid: () => ['kubeadm certs renew for this: it copies the names of the old certificate'],
  reading: ['https://etcd.io/docs/v3.5/op-guide/security/#notes-for-tls-authentication'],
  errors: ['does not match any of DNSNames', 'rejected connection', 'x509: certificate is valid for'],
});

/** By its own word, and by the API server beside it. */
function clientHosts(seen: Seen<Needs>, member: Member): readonly string[] {
  const listed = listedUrls(seen, member, 'clientUrls');
  const pods = seen.peek('kube.control-plane-pods');
  const beside =
    pods?.state === 'known'
      ? pods.value.pods.filter((pod) => pod.component === 'kube-apiserver' && pod.node === member.subject.keys.node)
      : [];
  const local = beside.flatMap((pod) => etcdServers(pod.containers[0]?.command ?? [])).filter((url) => leadsTo(url, member));
  return hostsOf([...listed, ...local]);
}

function peerHosts(seen: Seen<Needs>, member: Member): readonly string[] {
  return hostsOf(listedUrls(seen, member, 'peerUrls'));
}

/** And no name. */
const isAddress = /^\d+(\.\d+){3}$|:/;

/** What a machine no longer has, no certificate of it needs; a network of etcd's own is not known to the API either. */
function isStrange(seen: Seen<Needs>, member: Member, host: string): boolean {
  const nodes = seen.peek('kube.nodes');
  const node = nodes?.state === 'known' ? nodes.value.nodes.find((one) => one.name === member.subject.keys.node) : undefined;
  return node !== undefined && isAddress.test(host) && host !== member.host && !isLoopback(host) && !node.internalAddresses.includes(host);
}

function listedUrls(seen: Seen<'etcd.members'>, member: Member, which: 'clientUrls' | 'peerUrls'): readonly string[] {
  return memberList(seen)?.find((one) => one.id === member.subject.keys.member)?.[which] ?? [];
}

function leadsTo(url: string, member: Member): boolean {
  const host = splitAddress(url, member.clientPort)?.host ?? '';
  return host === member.host || host === 'localhost' || host === '127.0.0.1' || host === '::1';
}

/** Only what is spoken to in TLS. */
function hostsOf(urls: readonly string[]): readonly string[] {
  return [...new Set(urls.filter((url) => url.startsWith('https://')).flatMap((url) => splitAddress(url, 0)?.host ?? []))];
}
