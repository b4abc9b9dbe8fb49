// Which addresses of API servers are silent, though that makes nobody dead?
import { fail, undecided } from '../../../src/judge/define-rule.ts';
import { type ApiServerReading, readApiServer } from '../../../src/judge/readings/api-server.ts';
import { silentDoorOf, unprovenDoors } from '../../../src/judge/readings/other-doors.ts';
import type { Seen } from '../../../src/model/rule.ts';
import { say, type Text } from '../../../src/model/sentence.ts';
import type { Subject } from '../../../src/model/subject.ts';
import type { Master } from '../../../src/model/topology.ts';
import { reasonOf, wordsFor } from './master-words.ts';

/** No more than a note: nothing shows that a machine of this cluster was meant to answer there. */
export function judgeUnproven(seen: Seen<'api.ready'>, subject: Subject) {
  const door = unprovenDoors(seen).find((one) => one.subject.id === subject.id);
  if (door === undefined) return undecided(`${subject.name} is no longer known`, '--masters');
  return noteOf(readApiServer(seen, door), subject.id, subject.id, 'the cluster lists no machine by this address');
}

/** A master that serves at one of its addresses is alive; silence at another that only the user named is a note. */
export function withSilentDoors<J extends { readonly status: string }>(seen: Seen<'api.ready'>, master: Master, judged: J) {
  const silent = judged.status === 'pass' ? silentDoorOf(seen, master) : undefined;
  if (silent === undefined) return judged;
  return noteOf(silent.reading, master.subject.name, silent.address, say('it answers at {address}', { address: master.subject.id }));
}

function noteOf(reading: ApiServerReading, node: string, address: string, but: Text) {
  const words = say('{words}; {but}', { words: wordsFor(reading), but });
  const facts = { node, address, state: say('silent at {address}', { address }), words, count: '' };
  return fail(facts, { reason: reasonOf(reading), severity: 'info', impact: 'at-risk', witness: 'measured' });
}
