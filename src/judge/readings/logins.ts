// Does an API server that calls itself ready answer those who log in?
import type { Seen } from '../../model/rule.ts';
import type { Try } from '../../model/network.ts';
import type { Master } from '../../model/topology.ts';
import { mastersOf } from './api-server.ts';

/**
 * Milliseconds that a request with a login was left without an answer on every try, where another API server answered its own
 * one at once. Health paths are let through before logins, rights, audit and queues: they say nothing about these.
 */
export function waitedInVain(seen: Seen<'api.ready' | 'api.credential'>, master: Master, lead: number): number | undefined {
  const asked = loginOf(seen, master);
  if (asked === undefined || !asked.connected || asked.outcome.kind === 'answered') return undefined;
  if (asked.outcome.why !== 'timeout' && asked.outcome.why !== 'hung') return undefined;
  const waited = asked.receivedAt - asked.sentAt;
  const quicker = mastersOf(seen).some((other) => {
    const answer = other === master ? undefined : loginOf(seen, other);
    return answer?.outcome.kind === 'answered' && answer.outcome.status < 500 && (answer.receivedAt - answer.sentAt) * lead <= waited;
  });
  return quicker ? waited : undefined;
}

function loginOf(seen: Seen<'api.credential'>, { subject }: Master): Try | undefined {
  const item = seen.peek('api.credential', subject);
  return item?.state === 'known' ? item.value.last : undefined;
}
