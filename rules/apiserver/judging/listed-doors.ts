// Is an API server reached where the Service kubernetes sends pods, and not only where it was asked?
import { fail, pass, suspected, undecided } from '../../../src/judge/define-rule.ts';
import { advertisedDoor, type DoorEvidence } from '../../../src/judge/readings/advertised-door.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import type { Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Master } from '../../../src/model/topology.ts';

/** @param looks how often an address has to be silent to us alone, for what was just started opens one address after the other. */
export function judgeListedDoors(seen: Seen<DoorEvidence>, master: Master, listed: readonly string[], looks: number) {
  const { name: node, id: other } = master.subject;
  const doors = listed.filter((one) => one !== other).map((address) => ({ address, door: advertisedDoor(seen, master, address) }));
  for (const { address, door } of doors) {
    if (door.kind !== 'dead') continue;
    if (door.by === undefined && door.looks < looks) return suspected(`${node} answers at ${other}, and not at ${address}`);
    const proof =
      door.by === undefined
        ? say('{looks} looks, while it answers at {other}', { looks: door.looks, other })
        : say('{by} too, while it answers at {other}', { by: door.by, other });
    return fail(
      { node, address, proof, words: 'sends pods to the dead address', state: door.words, listed: 'is listed' },
      { reason: 'dead-address', group: 'dead-address', witness: door.by === undefined ? 'measured' : 'agreed' },
    );
  }
  for (const { address, door } of doors) {
    if (door.kind === 'leads') continue;
    const seenFrom = door.kind === 'unasked' ? 'nobody asked it there' : 'it is silent there to us, and nobody else could tell';
    return undecided(
      `pods are sent to ${address} (${node}): ${seenFrom}; it answers at ${other}`,
      `curl -sk -m 5 ${shellWord(`https://${address}/readyz`)}   # from a node`,
    );
  }
  return pass({ node, listed: 'yes' });
}
