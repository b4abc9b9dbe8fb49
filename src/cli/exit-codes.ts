// With which number does the tool end, and what does each mean?
import type { Report } from '../model/report.ts';

/** Shown by --help too. 3 beats 5 beats 4. */
export const exitCodes = {
  healthy: 0,
  bug: 1,
  usage: 2,
  critical: 3,
  warning: 4,
  incomplete: 5,
  interrupted: 130,
} as const;

export const exitMeanings: readonly (readonly [number, string])[] = [
  [exitCodes.healthy, 'nothing above info found, and every vital question answered'],
  [exitCodes.bug, 'the tool itself broke'],
  [exitCodes.usage, 'bad usage: a wrong flag, an unreadable kubeconfig, an unknown context'],
  [exitCodes.critical, 'critical findings, or nothing answers at all'],
  [exitCodes.warning, 'warnings only, and every vital question answered'],
  [exitCodes.incomplete, 'nothing critical found, but a vital question could not be answered for everything it is about'],
  [exitCodes.interrupted, 'interrupted; what was known by then is printed'],
];

/** The worst thing that still ends with 0 lies just below the line that `--fail-on` draws. */
export const failLines = ['critical', 'incomplete', 'warning', 'info', 'never'] as const;
export type FailLine = (typeof failLines)[number];

/** An interrupted run ends with 130 whatever it has found; any other with what the report's own level says. */
export function exitCodeFor({ verdict, notes, run }: Pick<Report, 'verdict' | 'notes' | 'run'>, failOn: FailLine): number {
  if (run.interrupted) return exitCodes.interrupted;
  const reached = verdict.level === 'healthy' ? (notes.length > 0 ? 'info' : 'never') : verdict.level;
  if (failOn === 'never' || reached === 'never' || failLines.indexOf(reached) > failLines.indexOf(failOn)) return exitCodes.healthy;
  return reached === 'info' ? exitCodes.warning : exitCodes[reached];
}
