// Whose log may say why a control plane is sick, and what stands in it?
import * as z from 'zod';
import type { ContainerLog, ContainerSeen, ControlPlanePod, LogLine, ServerClock } from '../../model/kubernetes.ts';
import { checkShape, line, parseJson } from './json.ts';
import { cleanLine } from './text.ts';

/** The containers of a kubeadm control plane; nothing else is ever asked for its log. */
export const loggedComponents = ['kube-apiserver', 'etcd', 'kube-controller-manager', 'kube-scheduler'] as const;

/** Lines and bytes of each log: a Go stack trace with the words above it. */
export const logBounds = { lines: 60, bytes: 48 * 1024, containers: 8 } as const;

/** Milliseconds since its end for which a container is of interest: what api-restart-loop calls recent. */
const recent = 900_000;

export interface LogWanted {
  readonly pod: string;
  readonly component: string;
  readonly node: string;
  readonly container: string;
  /** Ask for the instance before: the one the API shows is running, or has not begun. */
  readonly previous: boolean;
}

/**
 * Which logs to ask for, the most telling first: containers that wait for their next start, that ended lately, and those
 * of API servers and etcd on nodes whose API server is not ready; what the API lists about these may be old.
 */
export function logsWanted(
  pods: readonly ControlPlanePod[],
  clock: ServerClock | undefined,
  unready: ReadonlySet<string>,
): readonly LogWanted[] {
  const candidates = pods.flatMap((pod) =>
    pod.containers.map((container) => ({ pod, container, weight: weightOf(pod, container, clock, unready) })),
  );
  return candidates
    .filter(({ pod, weight }) => weight > 0 && (loggedComponents as readonly string[]).includes(pod.component))
    .sort((one, other) => other.weight - one.weight || (one.pod.name < other.pod.name ? -1 : 1))
    .slice(0, logBounds.containers)
    .map(({ pod, container, weight }) => ({
      pod: pod.name,
      component: pod.component,
      node: pod.node,
      container: container.name,
      previous: weight > 1 && (container.waitingReason !== '' || container.startedAt !== undefined),
    }));
}

function weightOf(pod: ControlPlanePod, container: ContainerSeen, clock: ServerClock | undefined, unready: ReadonlySet<string>): number {
  // Behind an unready API server the kubelet's report may be old; its log is not.
  if (unready.has(pod.node) && (pod.component === 'kube-apiserver' || pod.component === 'etcd')) return 1;
  if (container.waitingReason !== '' && container.lastFinishedAt !== undefined) return 3;
  const ended = container.lastFinishedAt;
  return ended !== undefined && (clock === undefined || clock.serverTime - ended < recent) ? 2 : 0;
}

/** Lines as the API gives them with `timestamps=true`: `2026-11-21T03:12:44.123456789Z text`. */
export function linesOf(text: string): readonly LogLine[] {
  return text.split('\n').flatMap((one) => lineOf(/^(\d{4}-\d\d-\d\dT\S+) (.*)$/.exec(one), one));
}

/** Lines of a file below /var/log/pods: `2026-11-21T03:12:44.123456789Z stderr F text`; the first one may be cut. */
export function linesOfFile(text: string): readonly LogLine[] {
  return text.split('\n').flatMap((one) => lineOf(/^(\d{4}-\d\d-\d\dT\S+) std(?:out|err) [FP] (.*)$/.exec(one), ''));
}

function lineOf(match: RegExpExecArray | null, whole: string): readonly LogLine[] {
  const text = cleanLine(match?.[2] ?? whole, 2000).trimEnd();
  if (text === '') return [];
  const at = Date.parse(match?.[1] ?? '');
  return [{ ...(Number.isNaN(at) ? {} : { at }), text }];
}

const recorded = z.object({
  logs: z.array(
    z.object({
      pod: line,
      component: line,
      node: line,
      previous: z.boolean(),
      text: z.string().max(1_000_000).exactOptional(),
      refused: line.exactOptional(),
    }),
  ),
});

/** @throws Error with one sentence. */
export function readLogs(raw: string, split: (text: string) => readonly LogLine[]): { readonly logs: readonly ContainerLog[] } {
  const { logs } = checkShape(recorded, parseJson(raw, 'the recorded logs'), 'the recorded logs');
  return { logs: logs.map(({ text, ...rest }) => ({ ...rest, lines: split(text ?? '').slice(-logBounds.lines) })) };
}
