// Which addresses that the user named are silent, though no master is dead for that?
import { joinAddress } from '../../model/address.ts';
import type { Seen } from '../../model/rule.ts';
import type { Master } from '../../model/topology.ts';
import { readApiServer, type SilentApiServer } from './api-server.ts';

/** Silent ones that may belong to a machine that the cluster lists by another address. */
export function unprovenDoors(seen: Seen): readonly Master[] {
  return seen.topology.candidates.filter(({ origin }) => origin === 'flag');
}

/** The first of this master's own, beside the one it is asked at. */
export function silentDoorOf(seen: Seen<'api.ready'>, { doors, subject }: Master) {
  const named = doors.filter(({ origin }) => origin === 'flag').map(({ host, port }) => joinAddress(host, port));
  for (const id of named.filter((one) => one !== subject.id)) {
    const reading = seen.attempt(() => readApiServer(seen, { subject: { ...subject, id } }));
    if (reading?.kind === 'silent') return { address: id, reading: reading satisfies SilentApiServer };
  }
  return undefined;
}
