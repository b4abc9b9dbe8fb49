// Would the virtual address leave a machine whose load balancer has died?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { type Keeper, virtualAddressOf } from '../../src/judge/readings/virtual-address.ts';
import { priorityWhenFailed, priorityWhenWell, tracksOf } from '../../src/judge/readings/vrrp.ts';
import { type Sentence, say } from '../../src/model/sentence.ts';

const reasons = ['nothing-tracked', 'weight', 'no-preempt', 'slow'] as const;

export default defineRule({
  id: 'vip-track-ineffective',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 7,
  final: true,
  title: 'the address would stay on {node} when its load balancer dies: {words}',
  healthy: 'the virtual address moves away from a load balancer that dies',
  why: 'The one failure the pair was built for, a dead balancer on a living machine, takes the API away.',
  shows: ['each rows: {node}  priority {priority}  {words}'],
  folded: '{words}',
  needs: ['operator.kubeconfig', 'lb.config', 'lb.tries', 'here.network'],
  limits: {
    delay: {
      value: 30,
      unit: 's',
      source: 'own choice: the whole failover should be over within 30 s; kubeadm’s own example takes interval 3 × fall 10',
    },
  },
  reasons,
  subjects: (seen) => (seen.topology.entryIsMaster ? [] : [entryOf(seen).subject]),
  judge: (seen, limits) => {
    const { address, keepers, isComplete } = virtualAddressOf(seen);
    const known = keepers.filter((one) => one.instance !== undefined && one.config !== undefined);
    const complaints = known.flatMap((one) => complaintAbout(one, known, limits.delay));
    const bare = complaints.filter((one) => one.reason === 'nothing-tracked');
    if (known.length < keepers.length || !isComplete) {
      // That nothing is tracked needs no peer to be seen.
      if (bare.length === 0)
        return undecided(
          `not every keepalived.conf that names ${address} was seen`,
          '--lb-config lb1=/etc/keepalived/keepalived.conf --lb-config lb2=…',
        );
    }
    const [worst] = [...complaints].sort((one, other) => reasons.indexOf(one.reason) - reasons.indexOf(other.reason));
    if (worst === undefined) return pass({ address, machines: known.length });
    const rows = complaints.map(({ node, priority, words }) => ({ node, priority, words }));
    const severity = worst.reason === 'slow' ? 'info' : 'warning';
    return fail({ node: worst.node, words: worst.words, rows }, { reason: worst.reason, severity, witness: 'stated' });
  },
  explains: [
    { to: 'vip-holder-lb-down', kind: 'worsens', on: 'lb', because: 'the address stayed where the balancer is dead', unproven: true },
  ],
  fixes: (_cause, seen) => {
    const port = seen.topology.entry?.port ?? 8443;
    return [
      {
        do: say(
          'On the standby first: a vrrp_script with script "/usr/bin/curl -sfk --max-time 2 https://localhost:{port}/readyz" | interval 2 | fall 2 | weight -60, named under track_script of the instance',
          { port },
        ),
        where: 'lb',
        run: ['keepalived -t -f /etc/keepalived/keepalived.conf && systemctl reload keepalived'],
        risk: 'medium',
        needs: [{ text: '60 is more than the priorities differ by', met: 'unknown' }],
        verify: ['systemctl stop haproxy   # on the holder, in a window: the address moves within ten seconds', 'systemctl start haproxy'],
      },
    ];
  },
  avoid: () => [],
  reading: ['https://www.keepalived.org/manpage.html', 'https://github.com/kubernetes/kubeadm/blob/main/docs/ha-considerations.md'],
});

interface Complaint {
  readonly node: string;
  readonly priority: number;
  readonly reason: (typeof reasons)[number];
  readonly words: Sentence;
}

/** Only what could hold it matters: a machine that gives way to a healthy peer anyway loses nothing. */
function complaintAbout({ node, instance, config }: Keeper, all: readonly Keeper[], slow: number): readonly Complaint[] {
  if (instance === undefined || config === undefined) return [];
  const base = { node, priority: instance.priority };
  const tracks = tracksOf(instance, config);
  if (tracks.length === 0) return [{ ...base, reason: 'nothing-tracked', words: say('it tracks neither a script nor a process') }];
  const delay = Math.min(...tracks.map((one) => one.delay));
  const late: readonly Complaint[] =
    delay >= slow ? [{ ...base, reason: 'slow', words: say('its check counts only after {delay} s', { delay }) }] : [];
  const left = priorityWhenFailed(instance, tracks);
  if (left === undefined) return late;
  const peers = all.filter((one) => one.node !== node);
  const best = Math.max(0, ...peers.map(wellPriority));
  if (left >= best) {
    return [
      { ...base, reason: 'weight', words: say('with its check failing it still has priority {left}, the next one {best}', { left, best }) },
    ];
  }
  const taker = peers.find((one) => wellPriority(one) > left && one.instance?.preempts === true);
  if (taker === undefined)
    return [{ ...base, reason: 'no-preempt', words: say('a lower priority moves nothing while the others have nopreempt') }];
  return late;
}

function wellPriority({ instance, config }: Keeper): number {
  return instance === undefined || config === undefined ? 0 : priorityWhenWell(instance, tracksOf(instance, config));
}
