// When did something happen, by our clock, and who says so?
import type { ServerClock } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Moment, Since } from '../../model/verdict.ts';
import { ageAt } from './age.ts';
import type { Offset } from './clock.ts';
import { type LogEvidence, tellingLineOf } from './container-log.ts';
import { type ClockEvidence, clockOn } from './host-clock.ts';
import { podOn } from './pod.ts';

/** A time that was written by the clock of one machine where that is known, else by one like the answering API server's. */
function momentBy(time: number, clock: ServerClock, own: Offset | undefined): Since {
  if (own !== undefined) return { earliest: time - own.high, latest: time - own.low };
  const age = ageAt(time, clock);
  return { earliest: clock.sentAt - age.high, latest: clock.receivedAt - age.low };
}

/** The last end of a container and the line that says why, as its kubelet and its log date them. Empty where nobody does. */
export function endingOf(
  seen: Seen<'kube.control-plane-pods' | LogEvidence | ClockEvidence>,
  component: string,
  node: string,
): readonly Moment[] {
  const list = seen.peek('kube.control-plane-pods');
  const clock = list?.state === 'known' ? list.value.clock : undefined;
  if (clock === undefined) return [];
  const own = clockOn(seen, node);
  const container = podOn(seen, component, node)?.container;
  const line = tellingLineOf(seen, component, node);
  const code = container?.lastExitCode;
  const ended: Text =
    code === undefined
      ? say('{component} on {node} ended', { component, node })
      : say('{component} on {node} ended, exit code {code}', { component, node, code });
  return [
    ...(container?.lastFinishedAt === undefined
      ? []
      : [{ at: momentBy(container.lastFinishedAt, clock, own), what: ended, by: say('kubelet') }]),
    ...(line?.at === undefined
      ? []
      : [
          {
            at: momentBy(line.at, clock, own),
            what: say('{component} on {node} wrote: {line}', { component, node, line: line.text }),
            by: say('log'),
          },
        ]),
  ];
}

/** The last renewal of a lease, dated by whoever held it. */
export function renewalOf(
  seen: Seen<ClockEvidence>,
  renewedAt: number | undefined,
  clock: ServerClock | undefined,
  node: string | undefined,
  what: Text,
): readonly Moment[] {
  if (renewedAt === undefined || clock === undefined) return [];
  return [{ at: momentBy(renewedAt, clock, clockOn(seen, node)), what, by: say('lease') }];
}
