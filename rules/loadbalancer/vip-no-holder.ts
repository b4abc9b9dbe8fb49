// Does any load balancer hold the virtual address of the API?
import { homeOf, readLog } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, pass, suspected, undecided } from '../../src/judge/define-rule.ts';
import { unknownSkew } from '../../src/judge/readings/age.ts';
import { renewalAge } from '../../src/judge/readings/lease.ts';
import { describeDuration } from '../../src/model/time.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { keeperRows, nobodyAnswers, type VirtualAddress, virtualAddressOf } from '../../src/judge/readings/virtual-address.ts';
import { kubeletUsesOwnApiServer } from '../../src/judge/readings/wiring.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { LeaseSeen } from '../../src/model/kubernetes.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';

type Needs = 'operator.kubeconfig' | 'lb.config' | 'lb.tries' | 'here.network' | 'kube.leases' | 'kube.nodes';

/** kube-vip's lock for the address of the control plane (kube-vip, pkg/manager). */
const lock = 'plndr-cp-lock';

export default defineRule({
  id: 'vip-no-holder',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'critical',
  impact: 'outage',
  layer: 4,
  title: 'no load balancer holds {address}: {words}',
  healthy: 'a load balancer holds the address of the API',
  why: 'Nobody answers at the address that kubectl, workers and most controllers use.',
  shows: ['each keepers: {node}  {words}  priority {priority}', '{words}'],
  folded: 'nobody holds {address}: {words}',
  needs: ['operator.kubeconfig', 'lb.config', 'lb.tries', 'here.network', 'kube.leases', 'kube.nodes'],
  limits: {
    adverts: {
      value: 3,
      unit: 'advertisements',
      source: 'RFC 5798: Master_Down_Interval is 3 × Advertisement_Interval + Skew_Time, which is below 1 s',
    },
    unknownSkew,
  },
  reasons: ['nobody', 'faulty', 'unanswered', 'lease-stale'],
  subjects: (seen) => (seen.topology.entryIsMaster ? [] : [entryOf(seen).subject]),
  judge: (seen, limits) => {
    const lease = lockOf(seen);
    if (lease !== undefined) return judgeLease(seen, lease, limits.unknownSkew * 1000);
    const vip = virtualAddressOf(seen);
    const { address, keepers } = vip;
    const holder = keepers.find((one) => one.holds === 'yes');
    if (holder !== undefined) return pass({ address, node: holder.node });
    const facts = { address, keepers: keeperRows(keepers) };
    const open = keepers.filter((one) => one.holds === 'unknown').map((one) => one.node);
    if (open.length > 0 || !vip.isComplete) {
      if (nobodyAnswers(seen, address))
        return fail({ ...facts, words: say('nobody on this network answers for it') }, { reason: 'unanswered', witness: 'measured' });
      const whom = open.length > 0 ? open.join(', ') : 'its other machines';
      return undecided(
        `${whom} may hold ${address} and was not inspected`,
        'on each load balancer: kill -USR1 $(cat /run/keepalived.pid); then --lb-config lb2=/tmp/keepalived.data',
      );
    }
    if (isSettling(vip, limits.adverts)) return undecided('the address is moving just now', 'run ha-doctor again in ten seconds');
    const isFaulty = keepers.every((one) => one.state.startsWith('FAULT'));
    const words = isFaulty
      ? say('every one of them calls itself faulty')
      : say('none of {count} machines has it', { count: keepers.length });
    return fail({ ...facts, words }, { reason: isFaulty ? 'faulty' : 'nobody', witness: 'stated' });
  },
  explains: [
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'lb',
      because: 'nobody answers at an address that nobody holds',
      produces: ['timeout', 'unreachable', 'refused'],
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'cluster',
      because: 'a kubelet that reports through the address cannot renew its lease',
      when: ({ effect }, seen) => usesEntry(seen, effect.subject.keys.node),
    },
  ],
  fixes: ({ facts, verdicts }, seen) => {
    const address = shellWord(String(facts['address']));
    const isKubeVip = verdicts[0]?.reason === 'lease-stale';
    const home = homeOf(seen, 'kube-vip', undefined);
    const look = isKubeVip
      ? readLog(home, {})
      : [`ip -o addr | grep -F ${address}`, 'journalctl -u keepalived -n 50 --no-pager', 'systemctl is-active keepalived haproxy'];
    return [
      {
        do: 'On each of them, see why it does not take the address',
        where: isKubeVip ? 'each master' : 'lb',
        run: look,
        risk: 'none',
        needs: [],
        verify: [],
      },
      {
        do: 'On the one you choose, when its balancer runs: start it again',
        where: isKubeVip ? 'one master' : 'lb',
        run: isKubeVip
          ? home.kind === 'static-pod'
            ? ["crictl stop $(crictl ps -q --name '^kube-vip$')"]
            : []
          : ['systemctl restart keepalived'],
        risk: 'medium',
        needs: [{ text: 'its own check of the balancer succeeds', met: 'unknown' }],
        verify: [`ip neigh show ${address}`],
      },
    ];
  },
  avoid: () => ['add the address by hand (ip addr add): it would be held twice as soon as keepalived comes back'],
  reading: ['https://www.keepalived.org/manpage.html', 'https://kube-vip.io/docs/about/architecture/'],
  errors: ['(VI_1) Entering FAULT STATE', 'Now in FAULT state', 'Track script chk_haproxy is being timed out'],
});

function lockOf(seen: Seen<Needs>): LeaseSeen | undefined {
  const leases = seen.peek('kube.leases');
  return leases?.state === 'known' ? lockIn(leases.value.leases) : undefined;
}

function lockIn(leases: readonly LeaseSeen[] | undefined): LeaseSeen | undefined {
  return leases?.find((one) => one.name === lock);
}

function judgeLease(seen: Seen<Needs>, lease: LeaseSeen, slack: number) {
  const address = entryOf(seen).host;
  const facts = { address, node: lease.holder };
  const tries = seen.peek('lb.tries');
  if (tries?.state === 'known' && tries.value.tries.some((one) => one.connected)) return pass(facts);
  const looks = seen.samples('kube.leases');
  const before = looks.length > 1 ? lockIn(looks[0]?.value.leases) : undefined;
  if (before !== undefined && before.renewedAt !== lease.renewedAt) return pass(facts);
  const { clock } = seen.get('kube.leases');
  const age = clock === undefined || lease.renewedAt === undefined ? undefined : renewalAge(lease.renewedAt, clock, undefined, slack);
  if (age === undefined) return undecided('nobody can say how old kube-vip’s lease is', `kubectl -n kube-system get lease ${lock} -o yaml`);
  // Its holder's clock is not known; two looks at a lease that stands still need none.
  if (age.low <= lease.durationSeconds * 1000 && before === undefined)
    return age.high <= lease.durationSeconds * 1000 ? pass(facts) : suspected('one look cannot tell whether kube-vip renews its lease');
  const words = say('kube-vip’s lease, held by {node}, has not been renewed for {time}', {
    node: lease.holder,
    time: describeDuration(Math.max(age.low, (looks.at(-1)?.takenAt ?? 0) - (looks[0]?.takenAt ?? 0))),
  });
  return fail({ address, words, keepers: [] }, { reason: 'lease-stale' as const, witness: 'stated' as const });
}

/** A failover takes three missed advertisements and less than one more second. */
function isSettling({ keepers }: VirtualAddress, adverts: number): boolean {
  return keepers.some(({ changedAt, writtenAt, instance }) => {
    if (changedAt === undefined || writtenAt === undefined) return false;
    return writtenAt - changedAt < (adverts * (instance?.advertInterval ?? 1) + 1) * 1000;
  });
}

function usesEntry(seen: Seen, node: string | undefined) {
  const own = kubeletUsesOwnApiServer(seen, node);
  return own === 'unknown' ? 'unknown' : own === 'yes' ? 'no' : 'yes';
}
