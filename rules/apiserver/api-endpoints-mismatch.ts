// Do pods that use the Service `kubernetes` get sent to this API server exactly when it serves?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { ageAt, leaseAge } from '../../src/judge/readings/age.ts';
import { masterOf, mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { backendsOf, changedAt } from '../../src/judge/readings/backend.ts';
import { podOn } from '../../src/judge/readings/pod.ts';
import { kubeletUsesOwnApiServer } from '../../src/judge/readings/wiring.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Master } from '../../src/model/topology.ts';

type Needs = 'kube.endpoints' | 'api.ready' | 'kube.nodes' | 'lb.stats' | 'kube.node-leases' | 'kube.control-plane-pods';

export default defineRule({
  id: 'api-endpoints-mismatch',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 3,
  title: 'the Service kubernetes {words} {address} ({node})',
  healthy: 'the Service kubernetes lists exactly the API servers that serve',
  why: 'Pods reach the API through this list and not through the load balancer: an operator, DNS or a CNI may fail while kubectl works.',
  shows: ['{node} {address}  {state}, {listed}; so for {proof}'],
  folded: '{state}, {listed}',
  needs: ['kube.endpoints', 'api.ready', 'kube.nodes', 'lb.stats', 'kube.node-leases', 'kube.control-plane-pods'],
  limits: {
    settled: {
      value: 30,
      unit: 's',
      source: 'k8s.io/kubernetes pkg/controlplane/instance.go: lease TTL 15 s + reconcile interval 10 s, and 5 s more',
    },
    renewal: {
      value: 10,
      unit: 's',
      source: 'https://kubernetes.io/docs/concepts/architecture/nodes/#node-heartbeats (a lease is renewed every 10 s)',
    },
  },
  reasons: ['stale', 'missing'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    if (seen.topology.platform.kind === 'managed') return notApplicable('the provider lists addresses of its own');
    const master = masterOf(seen, subject);
    const { addresses } = seen.get('kube.endpoints');
    const isListed = addresses.includes(subject.id);
    const reading = readApiServer(seen, master);
    const node = subject.name;
    const address = subject.id;
    if (isListed && reading.kind !== 'silent') return pass({ node, listed: 'yes' });
    if (!isListed && !servesClients(reading)) return pass({ node, listed: 'no', note: 'it does not serve' });
    if (!isListed && master.origin !== 'listed') {
      return undecided(
        `${address} was not listed by the cluster: ${node} may be known there by another address`,
        'kubectl get endpointslices -n default',
      );
    }
    const proof = isListed ? deadFor(seen, master, limits) : readyFor(seen, master, limits.settled * 1000);
    if (proof === undefined) {
      const short = isListed ? 'died' : 'came up';
      return undecided(`not sampled: it may have ${short} less than ${limits.settled} s ago`, 'run ha-doctor again half a minute later');
    }
    const facts = { node, address, proof };
    if (isListed)
      return fail(
        { ...facts, words: 'still sends pods to the dead', state: 'does not answer', listed: 'is listed' },
        { reason: 'stale', witness: 'agreed' },
      );
    const words = 'leaves out';
    return fail(
      { ...facts, words, state: 'serves', listed: 'is not listed' },
      { reason: 'missing', severity: 'warning', impact: 'at-risk', witness: 'agreed' },
    );
  },
  explains: [
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'cluster',
      because: 'clients in pods that meet a dead address ask the others again',
      when: () => 'unknown',
      unproven: true,
    },
  ],
  fixes: ({ facts }) => {
    const look = {
      do: 'See what the list holds, and which address each API server gives for itself',
      where: 'here',
      run: [
        'kubectl get endpointslices -n default -l kubernetes.io/service-name=kubernetes -o wide',
        "kubectl -n kube-system get pod -l component=kube-apiserver -o yaml | grep -E 'advertise-address|endpoint-reconciler|apiserver-count'",
      ],
      risk: 'none' as const,
      needs: [],
      verify: [],
    };
    const mend = {
      do: 'Correct --advertise-address, drop --endpoint-reconciler-type (the default works by leases)',
      where: String(facts['node']),
      run: ['vi /etc/kubernetes/manifests/kube-apiserver.yaml'],
      risk: 'medium' as const,
      needs: [{ text: 'one of the two flags is wrong there', met: 'unknown' as const }],
      verify: ['kubectl get endpointslices -n default   # equal to the API servers that serve, within 30 s'],
    };
    return [look, mend];
  },
  avoid: () => ['edit the list by hand: an API server writes it again within seconds'],
  reading: ['https://kubernetes.io/docs/reference/command-line-tools-reference/kube-apiserver/'],
  errors: ['dial tcp 10.96.0.1:443: i/o timeout', 'dial tcp 10.96.0.1:443: connect: connection refused'],
});

/** Whatever proves that it has been dead for longer than the list needs to forget it. */
function deadFor(seen: Seen<Needs>, master: Master, limits: { readonly settled: number; readonly renewal: number }): string | undefined {
  const settled = limits.settled * 1000;
  return (
    balancerSays(seen, master, 'down', settled) ??
    leaseSays(seen, master, settled + limits.renewal * 1000) ??
    podSays(seen, master, false, settled)
  );
}

function readyFor(seen: Seen<Needs>, master: Master, settled: number): string | undefined {
  return balancerSays(seen, master, 'up', settled) ?? podSays(seen, master, true, settled);
}

function balancerSays(seen: Seen<Needs>, master: Master, state: 'up' | 'down', settled: number): string | undefined {
  let words: string | undefined;
  seen.tally([master], () => {
    const known = seen.known('lb.stats');
    const backend = backendsOf(seen).find((one) => one.master === master && one.state === state);
    const since = backend === undefined ? undefined : changedAt(known, backend.row);
    if (since !== undefined && known.takenAt - since.latest >= settled)
      words = `${Math.round((known.takenAt - since.latest) / 1000)} s: HAProxy`;
    return true;
  });
  return words;
}

/** The kubelet beside an API server renews its lease through it, where it is wired so. */
function leaseSays(seen: Seen<Needs>, master: Master, stale: number): string | undefined {
  const { node } = master.subject.keys;
  const leases = seen.peek('kube.node-leases');
  if (kubeletUsesOwnApiServer(seen, node) !== 'yes' || leases?.state !== 'known' || leases.value.clock === undefined) return undefined;
  const lease = leases.value.leases.find((one) => one.name === node);
  const age = lease === undefined ? undefined : leaseAge(lease, leases.value.clock);
  return age !== undefined && age.low > stale ? `${Math.floor(age.low / 1000)} s: its node lease` : undefined;
}

/** A kubelet that reports says since when the pod has been as it is. */
function podSays(seen: Seen<Needs>, master: Master, ready: boolean, settled: number): string | undefined {
  const { node } = master.subject.keys;
  const nodes = seen.peek('kube.nodes');
  const reports = nodes?.state === 'known' && nodes.value.nodes.some((one) => one.name === node && one.ready === 'True');
  if (!reports || seen.peek('kube.control-plane-pods')?.state !== 'known') return undefined;
  const view = podOn(seen, 'kube-apiserver', node);
  if (view?.clock === undefined || view.pod.ready !== ready || view.pod.readySince === undefined) return undefined;
  const age = ageAt(view.pod.readySince, view.clock);
  return age.low >= settled ? `${Math.floor(age.low / 1000)} s: its pod` : undefined;
}
