// Does this etcd member stand still again and again, and answer in between as if nothing were?
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { readLog } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notApplicable, pass, suspected, undecided } from '../../src/judge/define-rule.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { describeSeconds } from '../../src/judge/readings/histogram.ts';
import { findThrottled, memberAt } from '../../src/judge/readings/member-fixes.ts';
import { membersOf, readMember } from '../../src/judge/readings/member.ts';
import { isAskedItself, isMetStandingStill, longWaits } from '../../src/judge/readings/stalls.ts';
import { couldNotAsk, etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import { say } from '../../src/model/sentence.ts';
import { viaLocalMember } from './edges/beside-member.ts';

export default defineRule({
  id: 'etcd-member-stalls',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 1,
  title: 'etcd member {member} lets others wait: {longest}',
  healthy: 'no etcd member stands still between its answers',
  why: 'The API server beside {member} waits with it, restarts when its checks meet such a moment, and writes need the other members meanwhile.',
  shows: ['{member}  {long} of {looks} looks had to wait, the longest {longest}', 'if peers: its peers {peers}'],
  folded: 'lets others wait: {longest}',
  needs: ['etcd.clock', 'etcd.health', 'etcd.metrics', 'etcd.status', 'etcd.client-port', 'etcd.peer-port', 'etcd.members'],
  limits: {
    slow: {
      value: 1000,
      unit: 'milliseconds for an answer without quorum, while another member answers in half of it',
      source: 'etcd’s default election timeout: who is silent for so long is voted out where it leads',
    },
    trip: {
      value: 400,
      unit: 'milliseconds for a round trip of its peers',
      source: 'lab: a member that stands still two seconds of three',
    },
    least: { value: 3, unit: 'slow round trips of each peer at least', source: 'as for etcd-peer-rtt: one or two may be chance' },
    share: { value: 20, unit: 'percent of their round trips at least', source: 'convention: now and then is a busy machine' },
    looks: { value: 4, unit: 'looks a second apart', source: 'lab: enough to meet a standstill of two seconds in three at least twice' },
  },
  confirm: { evidence: ['etcd.clock', 'etcd.health'], times: 3, everyMs: 1000 },
  reasons: [],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    if (membersOf(seen).length === 1) return notApplicable('there is no other member to compare it with');
    if (readMember(seen, member).kind === 'silent') return notApplicable('it does not answer at all, which is judged elsewhere');
    const { all, long } = longWaits(seen, member, limits.slow);
    if (all === 0) return couldNotAsk(seen, [member], 'it could not be asked for the time');
    const met = isMetStandingStill(seen, member, { trip: limits.trip / 1000, share: limits.share, least: limits.least });
    // What lies between us and a port-forward is slow each time, if it is.
    const trusted = met || isAskedItself(seen, member) || long.length < all;
    const longest = Math.max(...long);
    if (trusted && long.length >= 2) {
      const facts = {
        member: subject.name,
        looks: all,
        long: long.length,
        longest: Number.isFinite(longest) ? describeSeconds(longest / 1000) : 'without an answer in time',
        peers: met ? 'met it standing still too' : '',
      };
      return fail(facts, { witness: met ? 'agreed' : 'measured' });
    }
    if ((met || long.length > 0) && all < limits.looks)
      return suspected(
        met
          ? 'its peers waited for it again and again; one look cannot tell whether it goes on'
          : 'it was silent for a moment; one look cannot tell whether that happens again',
      );
    return pass({ member: subject.name });
  },
  explains: [
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'node',
      because: 'the API server beside it reads only from it',
      when: viaLocalMember,
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'its checks and requests wait for the member that stands still',
      produces: ['slow', 'unsteady', 'hung'],
      when: viaLocalMember,
      unproven: true,
    },
    {
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'its liveness probe contains the etcd check, so the kubelet restarts it',
      when: viaLocalMember,
      unproven: true,
    },
    { to: 'etcd-requests-failing', kind: 'causes', on: 'member', because: 'a request waits while it stands still', unproven: true },
    {
      to: 'etcd-peer-rtt',
      kind: 'causes',
      on: 'cluster',
      because: 'a round trip waits for a member that stands still',
      covers: 'any',
      match: 'member',
      when: ({ cause, effect }) => (String(effect.facts['peers'] ?? '') === cause.subject.name ? 'yes' : 'no'),
      unproven: true,
    },
    { to: 'etcd-heartbeat-late', kind: 'causes', on: 'member', because: 'a leader that stands still sends none', unproven: true },
    {
      to: 'etcd-leader-changes',
      kind: 'causes',
      on: 'cluster',
      because: 'a leader that is silent for an election timeout is voted out',
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    {
      to: 'api-latency-p99',
      kind: 'causes',
      on: 'node',
      because: 'the API server beside it waits for it',
      produces: ['storage', 'itself'],
      when: viaLocalMember,
      unproven: true,
    },
  ],
  fixes: ({ subjects }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      if (member === undefined) return [];
      return [
        {
          do: say('See on {node} what holds etcd up: a limit of its CPU, its disk, memory, or somebody who stops it', {
            node: nodeOf(member),
          }),
          where: nodeOf(member),
          run: [
            'grep . /proc/pressure/cpu /proc/pressure/io /proc/pressure/memory',
            'ps -o pid,stat,wchan:24,args -C etcd   # T: somebody stops it; D: it waits for a disk',
            findThrottled,
            ...readLog(etcdHome(seen, [member]), { minutes: 15, filter: "grep -cE 'took too long|slow fdatasync|heartbeat on time'" }),
          ],
          risk: 'none' as const,
          needs: [],
          verify: ['kubectl ha-doctor diagnose --only etcd'],
        },
      ];
    }),
  avoid: () => ['member remove: it answers in between, and a member that is made anew on the same machine stands still as well'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/hardware/', 'https://etcd.io/docs/v3.6/faq/#performance'],
  errors: ['apply request took too long', 'prober found high clock drift or rtt'],
});
