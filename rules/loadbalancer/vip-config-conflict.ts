// Do the machines that share the virtual address agree on how they share it?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { virtualAddressOf } from '../../src/judge/readings/virtual-address.ts';
import type { VrrpInstance } from '../../src/model/balancer.ts';
import { type Sentence, say } from '../../src/model/sentence.ts';

/** Worst first: the first five keep them from hearing each other. */
const reasons = ['router-id', 'version', 'authentication', 'advertisement', 'peer', 'priority', 'preemption'] as const;
type Reason = (typeof reasons)[number];

export default defineRule({
  id: 'vip-config-conflict',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 4,
  final: true,
  title: 'the machines that share {address} do not agree: {words}',
  healthy: 'the machines that share the virtual address agree on how they share it',
  why: 'Machines that do not hear each other all take the address; machines of equal rank take it by chance.',
  shows: ['each rows: {words}'],
  folded: '{words}',
  needs: ['operator.kubeconfig', 'lb.config', 'lb.tries', 'here.network'],
  limits: {},
  reasons,
  subjects: (seen) => (seen.topology.entryIsMaster ? [] : [entryOf(seen).subject]),
  judge: (seen) => {
    const { address, keepers, isComplete } = virtualAddressOf(seen);
    const known = keepers.flatMap((one) => (one.instance === undefined ? [] : [{ node: one.node, instance: one.instance }]));
    const conflicts = [...between(known), ...known.flatMap(within)].sort(
      (one, other) => reasons.indexOf(one.reason) - reasons.indexOf(other.reason),
    );
    const [worst] = conflicts;
    if (worst !== undefined) {
      const rows = conflicts.map(({ words }) => ({ words }));
      return fail({ address, words: worst.words, rows }, { reason: worst.reason, witness: 'stated' });
    }
    if (known.length < keepers.length || !isComplete)
      return undecided(
        `not every keepalived.conf that names ${address} was seen`,
        '--lb-config lb1=/etc/keepalived/keepalived.conf --lb-config lb2=…',
      );
    return pass({ address, machines: known.length });
  },
  explains: [
    {
      to: 'vip-dual-holder',
      kind: 'causes',
      on: 'lb',
      because: 'whoever does not hear, or does not believe, the other takes the address too',
      when: ({ cause }) => (cause.reason === 'preemption' || cause.reason === 'priority' ? 'no' : 'yes'),
      unproven: true,
    },
    {
      to: 'vip-no-holder',
      kind: 'causes',
      on: 'lb',
      because: 'machines that refuse each other’s advertisements may all step back',
      produces: ['nobody', 'unanswered'],
      when: ({ cause }) => (cause.reason === 'preemption' || cause.reason === 'priority' ? 'no' : 'unknown'),
      unproven: true,
    },
  ],
  fixes: ({ facts }) => [
    {
      do: 'Align virtual_router_id, auth_type and auth_pass, advert_int, vrrp_version and unicast_peer; give each machine a priority of its own, and state BACKUP where there is nopreempt',
      where: 'lb',
      run: ['keepalived -t -f /etc/keepalived/keepalived.conf && systemctl reload keepalived'],
      risk: 'medium',
      needs: [{ text: 'the standby was changed first', met: 'unknown' }],
      verify: [`ip -o addr | grep -F '${String(facts['address']).replace(/[^0-9a-fA-F.:]/g, '')}'   # on one machine only`],
    },
  ],
  avoid: () => [],
  reading: ['https://www.keepalived.org/manpage.html'],
  errors: [
    '(VI_1) received an invalid passwd!',
    'VRRP_Instance(VI_1) ignoring received advertisement',
    'invalid ttl',
    'advertisement interval mismatch',
  ],
});

interface Named {
  readonly node: string;
  readonly instance: VrrpInstance;
}

interface Conflict {
  readonly reason: Reason;
  readonly words: Sentence;
}

/** One conflict for each thing on which two machines must agree. */
function between(known: readonly Named[]): readonly Conflict[] {
  const [first] = known;
  if (first === undefined) return [];
  const unequal = (value: (one: VrrpInstance) => string | number): Named | undefined =>
    known.find((one) => value(one.instance) !== value(first.instance));
  const found: Conflict[] = [];
  const add = (reason: Reason, words: Sentence): void => void found.push({ reason, words });
  const names = (other: Named) => ({ one: first.node, other: other.node });
  const router = unequal((one) => one.routerId ?? 0);
  if (router)
    add(
      'router-id',
      say('{one} has virtual_router_id {first}, {other} has {second}', {
        ...names(router),
        first: first.instance.routerId ?? 'none',
        second: router.instance.routerId ?? 'none',
      }),
    );
  const version = unequal((one) => one.version);
  if (version)
    add(
      'version',
      say('{one} speaks VRRP version {first}, {other} version {second}', {
        ...names(version),
        first: first.instance.version,
        second: version.instance.version,
      }),
    );
  const login = unequal(({ authentication: { type, password } }) => `${type} ${password}`);
  if (login) add('authentication', say('{one} and {other} have different passwords or kinds of authentication', names(login)));
  const interval = unequal((one) => one.advertInterval);
  if (interval)
    add(
      'advertisement',
      say('{one} advertises every {first} s, {other} every {second} s', {
        ...names(interval),
        first: first.instance.advertInterval,
        second: interval.instance.advertInterval,
      }),
    );
  for (const [index, one] of known.entries()) {
    const equal = known.slice(index + 1).find((other) => other.instance.priority === one.instance.priority);
    if (equal)
      add(
        'priority',
        say('{one} and {other} both have priority {priority}', { one: one.node, other: equal.node, priority: one.instance.priority }),
      );
    for (const other of known)
      if (other !== one && leavesOut(one.instance, other.instance))
        add('peer', say('{one} does not list {other} under unicast_peer', { one: one.node, other: other.node }));
  }
  return found;
}

/** Machines that speak to listed peers only do not speak to those they leave out. */
function leavesOut(one: VrrpInstance, other: VrrpInstance): boolean {
  return one.unicastPeers.length > 0 && other.unicastSource !== undefined && !one.unicastPeers.includes(other.unicastSource);
}

function within({ node, instance }: Named): readonly Conflict[] {
  if (instance.preempts || instance.state !== 'MASTER') return [];
  return [{ reason: 'preemption', words: say('{node} has nopreempt and begins as MASTER, where nopreempt does nothing', { node }) }];
}
