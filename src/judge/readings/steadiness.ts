// Does an API server that answers do so at every try, and in time?
import type { Try } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import type { Master } from '../../model/topology.ts';
import { type AnsweringApiServer, mastersOf, readApiServer } from './api-server.ts';

export interface Steadiness {
  readonly looks: number;
  /** Looks with a try that was not served; none where every other API server shows the same, for then it is our own path. */
  readonly missed: number;
  readonly tries: number;
  readonly unserved: number;
}

export function steadinessOf(seen: Seen<'api.ready'>, master: Master): Steadiness {
  const looks = seen.samples('api.ready', master.subject).map(({ value }) => value.tries);
  const others = mastersOf(seen).filter((one) => one !== master);
  const isOurPath = others.length > 0 && seen.tally(others, (other) => isSteady(seen, other)).yes.length === 0;
  const all = looks.flat();
  return {
    looks: looks.length,
    missed: isOurPath ? 0 : looks.filter((tries) => tries.some(isUnserved)).length,
    tries: all.length,
    unserved: all.filter(isUnserved).length,
  };
}

function isSteady(seen: Seen<'api.ready'>, { subject }: Master): boolean {
  return !seen.samples('api.ready', subject).some(({ value }) => value.tries.some(isUnserved));
}

function isUnserved({ outcome }: Try): boolean {
  return outcome.kind === 'failed' || outcome.status >= 500;
}

/** It answers, some tries too late, while another API server proves that it is not our own path that is slow. */
export function isSlow(
  seen: Seen<'api.ready'>,
  master: Master,
  { late, quickest }: AnsweringApiServer,
  limits: { readonly slow: number; readonly lead: number },
): boolean {
  if (late === 0 || quickest < limits.slow) return false;
  return mastersOf(seen).some((other) => {
    const reading = other === master ? undefined : seen.attempt(() => readApiServer(seen, other));
    return reading?.kind === 'ready' && reading.late === 0 && reading.quickest * limits.lead <= quickest;
  });
}
