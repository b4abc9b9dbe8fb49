// Does an API server that calls itself ready answer in time, those who log in too, and at every try?
import { fail, pass, suspected } from '../../../src/judge/define-rule.ts';
import type { AnsweringApiServer } from '../../../src/judge/readings/api-server.ts';
import { waitedInVain } from '../../../src/judge/readings/logins.ts';
import { isSlow, steadinessOf } from '../../../src/judge/readings/steadiness.ts';
import { joinAddress } from '../../../src/model/address.ts';
import type { Seen } from '../../../src/model/rule.ts';
import { say, type Text } from '../../../src/model/sentence.ts';
import { describeDuration } from '../../../src/model/time.ts';
import type { Master } from '../../../src/model/topology.ts';

type ServingLimits = Readonly<Record<'slow' | 'lead' | 'looks' | 'missed', number>>;

export function judgeServing(
  seen: Seen<'api.ready' | 'api.credential'>,
  master: Master,
  reading: AnsweringApiServer,
  limits: ServingLimits,
) {
  const { name } = master.subject;
  const failing = (reason: 'slow' | 'unsteady', state: string, words: Text) =>
    fail({ node: name, address: joinAddress(master.host, master.port), state, words, count: '' }, { reason, witness: 'measured' });
  if (isSlow(seen, master, reading, limits)) {
    const { late, tries, quickest } = reading;
    const time = describeDuration(quickest);
    return failing('slow', 'slow', say('{late} of {tries} tries got no answer in time, the quickest took {time}', { late, tries, time }));
  }
  const waited = waitedInVain(seen, master, limits.lead);
  if (waited !== undefined) {
    const time = describeDuration(waited);
    return failing('slow', 'stuck', say('says that it is ready, and leaves who logs in without an answer for {time}', { time }));
  }
  const { looks, missed, tries, unserved } = steadinessOf(seen, master);
  // Of tries that began before the one that was served some may have failed: then it is looked at again, a second later.
  if (missed > 0 && looks < limits.looks) return suspected(`${name} served one of ${tries} tries only after others had failed`);
  if (missed < limits.missed) return pass({ node: name });
  const words = say('{count} of {tries} tries in {looks} looks were not served, the others were', { count: unserved, tries, looks });
  return failing('unsteady', 'unsteady', words);
}
