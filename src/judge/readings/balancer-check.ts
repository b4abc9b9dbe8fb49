// What did the load balancer's check of an API server meet, and how deep does it look?
import type { Seen } from '../../model/rule.ts';
import type { Master } from '../../model/topology.ts';
import { type Backend, type BackendEvidence, backendFor, type checkedReasons, isUsable, unreachedReasons } from './backend.ts';
import type { EnvoyJudged } from './envoy-host.ts';

/** Whether the last check went well, or there is none to go badly. */
export function checkIsGood(backend: Backend): boolean {
  if (backend.envoy !== undefined) return isUsable(backend);
  return backend.check === '' || /^L\d+OK/.test(backend.check);
}

/** Whether the balancer has met trouble with this API server as well; false also where nobody can say. */
export function balancerDoubts(seen: Seen<BackendEvidence>, master: Master): boolean {
  const backend = backendFor(seen, master);
  return backend !== undefined && backend.state !== 'maintenance' && (!isUsable(backend) || !checkIsGood(backend));
}

/** Whether the balancer’s last check of this API server got no answer at all; false also where nobody can say. */
export function balancerCannotReach(seen: Seen<BackendEvidence>, master: Master): boolean {
  const backend = backendFor(seen, master);
  if (backend === undefined || backend.state === 'maintenance' || checkIsGood(backend)) return false;
  return unreachedReasons.some((reason) => reason === reasonOf(backend));
}

/** From the code of the check that failed; Envoy tells a time-out from everything else and no more. */
export function reasonOf({ check, envoy }: Backend): (typeof checkedReasons)[number] {
  if (envoy !== undefined) return envoy.timedOut ? 'timeout' : 'other';
  if (check === 'L4CON') return 'refused';
  if (check === 'L4TOUT') return 'timeout';
  if (check.startsWith('L6')) return 'tls';
  if (check === 'L7TOUT') return 'slow';
  return check.startsWith('L7') ? 'http' : 'other';
}

/**
 * How far the check looks into an API server. A check that fails at the connection does not show what it would have
 * asked next, so only successes and answers of layer 7 tell.
 */
export type CheckDepth = 'readiness' | 'tls' | 'connect' | 'none' | 'unclear';

export function depthOf(backends: readonly Backend[]): CheckDepth {
  const judged = backends.filter((one) => one.state !== 'maintenance');
  const [first] = judged;
  if (first?.envoy !== undefined) return envoyDepth(first.envoy);
  if (judged.some((one) => one.check.startsWith('L7'))) return 'readiness';
  if (judged.some((one) => /^L6OK/.test(one.check))) return 'tls';
  if (judged.some((one) => /^L4OK/.test(one.check))) return 'connect';
  return judged.length > 0 && judged.every((one) => one.state === 'unchecked') ? 'none' : 'unclear';
}

/** As it is configured, for its word on a host does not say how it asked. */
function envoyDepth({ cluster }: EnvoyJudged): CheckDepth {
  const checks = cluster?.checks;
  if (checks === undefined || checks.includes('other')) return 'unclear';
  if (checks.length === 0) return 'none';
  return checks.includes('http') ? 'readiness' : 'connect';
}

/** Whether its last check got a good answer from the API server itself, not only a connection. */
export function answersCheck(backend: Backend): boolean {
  if (backend.envoy === undefined) return backend.check.startsWith('L7OK') && isUsable(backend);
  return backend.state === 'up' && envoyDepth(backend.envoy) === 'readiness';
}

/** How many layers up its check looks; 8 where nobody can say. */
export function layerOfCheck({ check, envoy }: Backend): number {
  if (envoy === undefined) return Number(/^L(\d)/.exec(check)?.[1] ?? 0);
  return { readiness: 7, tls: 6, connect: 4, none: 0, unclear: 8 }[envoyDepth(envoy)];
}

/** Whether its check asks without a login and failed because an API server answers that with this status. */
export function checkMet(backend: Backend, status: number): boolean {
  if (backend.envoy === undefined) return backend.row.checkCode === status;
  return backend.state === 'down' && !backend.envoy.timedOut && envoyDepth(backend.envoy) === 'readiness';
}
