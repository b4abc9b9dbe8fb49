// Does TLS go through the load balancer untouched, up to an API server?
import { takeConfig } from '../../src/judge/plans/ask-balancer.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { apiPathsOf } from '../../src/judge/readings/balancer-files.ts';
import { readApiServer } from '../../src/judge/readings/api-server.ts';
import { entryOf, ownerOfLeaf } from '../../src/judge/readings/entry.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { CertificateSeen, Try } from '../../src/model/network.ts';
import type { Seen } from '../../src/model/rule.ts';

type Needs = 'operator.kubeconfig' | 'lb.tries' | 'lb.credential' | 'lb.config' | 'api.ready' | 'kube.nodes' | 'kube.control-plane-pods';

export default defineRule({
  id: 'lb-tls-terminated',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 4,
  final: true,
  title: 'something in front of the API servers ends TLS at {address}',
  healthy: 'TLS passes through the load balancer up to an API server',
  why: 'A client certificate ends where TLS ends: whoever logs in with one, every kubelet and kubeadm’s admin.conf, is anonymous behind it.',
  shows: [
    '{address}  shows {subject}, issued by {issuer}',
    'the API servers themselves show leaves of {expected}',
    'if server: it calls itself {server}',
  ],
  folded: '{address} shows {subject}, issued by {issuer}',
  needs: ['operator.kubeconfig', 'lb.tries', 'lb.credential', 'lb.config', 'api.ready', 'kube.nodes', 'kube.control-plane-pods'],
  limits: {},
  reasons: [],
  subjects: (seen) => [entryOf(seen).subject],
  judge: (seen) => {
    if (seen.topology.entryIsMaster) return notApplicable('the kubeconfig names an API server itself');
    const entry = entryOf(seen);
    const tries = seen.get('lb.tries').tries.filter((one) => one.chain.length > 0);
    const direct = directLeaves(seen);
    if (tries.length === 0)
      return undecided('no certificate was seen through the load balancer', `openssl s_client -connect ${entry.subject.id}`);
    const strange = tries.filter((one) => !direct.some(({ leaf }) => leaf.sha256 === one.chain[0]?.sha256));
    if (strange.length === 0) return pass({ connections: tries.length });
    if (direct.length === 0) return undecided('no API server showed its certificate directly', '--masters <host:port,…>');
    const ended = strange.find((one) => isNoApiServers(seen, one, direct));
    if (ended === undefined) {
      return everyMasterShown(seen, direct)
        ? pass({ connections: tries.length, note: 'certificates of API servers, of which some have changed' })
        : undecided('a certificate was met that may be that of an API server nobody could ask', '--masters <host:port,…>');
    }
    if (certificateArrives(seen))
      return pass({
        connections: tries.length,
        note: 'a client certificate was accepted through it: API servers have another leaf for its name',
      });
    if (mayServeByName(seen))
      return undecided(
        'the API servers have certificates of their own for some names (--tls-sni-cert-key)',
        `openssl s_client -connect ${entry.subject.id}`,
      );
    const leaf = ended.chain[0];
    const server = ended.outcome.kind === 'answered' ? ended.outcome.server : undefined;
    const facts = {
      address: entry.subject.id,
      subject: leaf?.subject ?? '',
      issuer: leaf?.issuer ?? '',
      expected: direct[0]?.leaf.issuer ?? '',
      ...(server !== undefined && { server }),
    };
    const severity = seen.get('operator.kubeconfig').credential.kind === 'client-certificate' ? 'critical' : 'warning';
    return fail(facts, { severity, witness: server !== undefined || fileSaysSo(seen) ? 'agreed' : 'measured' });
  },
  explains: [
    {
      to: 'api-credential-rejected',
      kind: 'causes',
      on: 'cluster',
      because: 'the client certificate ends where TLS ends',
      when: (_link, seen) => {
        const kubeconfig = seen.peek('operator.kubeconfig');
        return kubeconfig?.state === 'known' && kubeconfig.value.credential.kind === 'client-certificate' ? 'yes' : 'no';
      },
      unproven: true,
    },
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'lb',
      because: 'clients know the cluster’s authority and not the one of the load balancer',
      produces: ['untrusted', 'partial', 'tls'],
      unproven: true,
    },
  ],
  fixes: ({ facts }) => [
    {
      do: 'See who presents that certificate',
      where: 'here',
      run: [
        `openssl s_client -connect ${shellWord(String(facts['address']))} </dev/null 2>/dev/null | openssl x509 -noout -subject -issuer -fingerprint -sha256`,
      ],
      risk: 'none',
      needs: [],
      verify: [],
    },
    {
      do: 'Let it pass TLS on instead: HAProxy with mode tcp and no ssl on bind, Nginx with a stream server, a cloud balancer with a TCP listener',
      where: 'lb',
      run: [takeConfig.HAProxy],
      risk: 'medium',
      needs: [{ text: 'the standby balancer was changed first', met: 'unknown' }],
      verify: [`curl -sk ${shellWord(`https://${facts['address']}/readyz`)}`],
    },
  ],
  avoid: () => ['put the load balancer’s own certificate authority into kubeconfigs: client certificates would still end there'],
  reading: ['https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/'],
});

interface Direct {
  readonly leaf: CertificateSeen;
  readonly isTrusted: boolean | undefined;
}

function directLeaves(seen: Seen<Needs>): readonly Direct[] {
  const found: Direct[] = [];
  seen.tally(seen.topology.masters, (master) => {
    const reading = readApiServer(seen, master);
    if (reading.leaf === undefined) return false;
    const trust = reading.kind === 'silent' ? undefined : reading.trust;
    const isTrusted =
      trust === undefined || trust.kind === 'not-judged' ? undefined : !(trust.kind === 'untrusted' && trust.why === 'unknown-authority');
    return found.push({ leaf: reading.leaf, isTrusted }) > 0;
  });
  return found;
}

function everyMasterShown(seen: Seen, direct: readonly Direct[]): boolean {
  return seen.topology.mastersComplete && direct.length === seen.topology.masters.length;
}

/** Another authority than the API servers', and none of the names that every API server's certificate has. */
function isNoApiServers(seen: Seen<Needs>, one: Try, direct: readonly Direct[]): boolean {
  const [leaf] = one.chain;
  if (leaf === undefined || ownerOfLeaf(seen, leaf) !== undefined || leaf.names.includes('kubernetes.default')) return false;
  const isTrusted =
    one.trust.kind === 'not-judged' ? undefined : !(one.trust.kind === 'untrusted' && one.trust.why === 'unknown-authority');
  const otherTrust = direct.every((each) => each.isTrusted !== undefined && isTrusted !== undefined && each.isTrusted !== isTrusted);
  return otherTrust || direct.every((each) => each.leaf.issuer !== leaf.issuer);
}

/** Whoever is told to end TLS has no key to log in with as the client: what it passes on is nobody's request. */
function certificateArrives(seen: Seen<Needs>): boolean {
  if (seen.get('operator.kubeconfig').credential.kind !== 'client-certificate') return false;
  const login = seen.peek('lb.credential');
  return login?.state === 'known' && login.value.last.outcome.kind === 'answered' && login.value.last.outcome.status === 200;
}

function mayServeByName(seen: Seen<Needs>): boolean {
  const pods = seen.peek('kube.control-plane-pods');
  if (pods?.state !== 'known') return false;
  return pods.value.pods.some((pod) => pod.containers.some((one) => one.command.some((word) => word.startsWith('--tls-sni-cert-key'))));
}

function fileSaysSo(seen: Seen<Needs>): boolean {
  return seen.attempt(() => apiPathsOf(seen).some((path) => path.mode === 'http' || path.binds.some((bind) => bind.tls))) === true;
}
