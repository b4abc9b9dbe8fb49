// Does a time service keep each master's clock, and does it run without jumps?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { masterOf, mastersOf } from '../../src/judge/readings/api-server.ts';
import { lookAtClock } from '../../src/judge/plans/set-clock.ts';
import { hasNoShell } from '../../src/judge/readings/talosctl.ts';
import { describeBounds, surelyBeyond } from '../../src/judge/readings/clock.ts';
import { paceOf } from '../../src/judge/readings/pace.ts';
import type { EvidenceTypes } from '../../src/model/evidence.ts';
import type { Edge, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';

type Time = EvidenceTypes['here.time'];

const because = 'a clock that nobody keeps drifts away from the others';
const toSkew = (to: Edge['to']): Edge => ({ to, kind: 'causes', on: 'node', because, unproven: true });

export default defineRule({
  id: 'clock-unsynchronised',
  area: 'clock',
  since: '0.2.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: 'the clock of {node} {words}',
  healthy: 'a time service keeps the clock of every master',
  why: 'It drifts away from the others, and one day certificates and tokens count as not yet valid or as ended on one machine only.',
  shows: ['{node}  {words}', 'if pace: moved {moved} within {pace} s, against the other masters'],
  folded: 'its clock {words}',
  needs: ['here.time', 'here.files', 'api.clock', 'api.ready'],
  limits: {
    jump: {
      value: 500,
      unit: 'milliseconds between two looks',
      source: 'ntpd and chronyd slew by 500 ppm at the most, 8 ms in 15 s; the rest is margin',
    },
  },
  reasons: ['unsynchronised', 'moved'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    const node = subject.keys.node ?? subject.name;
    const here = hereTime(seen, node);
    const look = `on ${node}: timedatectl; chronyc -n tracking`;
    const master = masterOf(seen, subject);
    const pace = seen.attempt(() => paceOf(seen, master));
    if (pace?.kind === 'jumped') return fail({ node, words: say('was set while we looked') }, { reason: 'moved', witness: 'measured' });
    if (pace?.kind === 'watched' && surelyBeyond(pace.watched.moved, limits.jump)) {
      const { moved, span } = pace.watched;
      const facts = {
        node,
        words: say('was set, or runs at another pace'),
        moved: describeBounds(moved),
        pace: Math.round(span / 1000),
        rate: isRate(moved.low, moved.high, span),
      };
      return fail(facts, { reason: 'moved', witness: 'measured' });
    }
    if (here !== undefined && isKept(here) === false) {
      const words = here.serviceOn === false ? say('is kept by nobody: its time service is off') : say('is not synchronised');
      return fail({ node, words }, { reason: 'unsynchronised', witness: 'stated' });
    }
    if (here !== undefined && isKept(here) === true) return pass({ node });
    if (pace === undefined) seen.get('api.clock', subject);
    return undecided(`whether a time service keeps the clock of ${node} is not seen from here`, look);
  },
  explains: [
    toSkew('clock-apiserver-skew'),
    toSkew('clock-etcd-skew'),
    toSkew('clock-kubelet-skew'),
    {
      to: 'le-two-active',
      kind: 'causes',
      on: 'cluster',
      because: 'an instance whose clock runs half as fast again may believe that a lease is over that is not',
      produces: ['alternating'],
      covers: 'any',
      match: 'node',
      // A clock that was set once does not do that: only another pace does, and one step looks like it in two looks.
      when: ({ cause }) => (cause.facts['rate'] === 'yes' ? 'unknown' : 'no'),
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ facts }) => {
      const node = String(facts['node']);
      if (hasNoShell(seen)) return [lookAtClock(seen, node)];
      return [
        lookAtClock(seen, node),
        {
          do: say('Let a time service keep the clock of {node}', { node }),
          where: node,
          run: ['timedatectl set-ntp true'],
          risk: 'low' as const,
          needs: [{ text: 'its clock is right by now, or may jump', met: 'unknown' as const }],
          verify: ['timedatectl show --property=NTPSynchronized   # yes, within minutes'],
          undo: ['timedatectl set-ntp false'],
        },
      ];
    }),
  avoid: () => ['set the clock by hand and leave it: it drifts away again'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/hardware/', 'https://chrony-project.org/doc/4.6/chronyc.html'],
});

function hereTime(seen: Seen<'here.time'>, node: string): Time | undefined {
  const item = seen.peek('here.time');
  return item?.state === 'known' && item.value.node === node ? item.value : undefined;
}

/** Either may be the only one that knows: chronyd need not tell the kernel, other services do. */
function isKept({ kernelSynchronised, chronySynchronised }: Time): boolean | undefined {
  if (kernelSynchronised === true || chronySynchronised === true) return true;
  return kernelSynchronised ?? chronySynchronised;
}

/** Whether it went half as fast again or half as slow: what an election by client-go's default timings (15 and 10 s) does not bear. */
function isRate(low: number, high: number, span: number): 'yes' | 'no' {
  return low > span / 2 || high < -span / 2 ? 'yes' : 'no';
}
