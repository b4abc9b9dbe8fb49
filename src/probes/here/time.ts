// Does a time service keep the clock of this machine?
import * as z from 'zod';
import { GapError } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, parseJson } from '../shared/json.ts';

const recorded = z.object({ node: line, timedatectl: z.string().exactOptional(), chronyc: z.string().exactOptional() });

export default defineProbe({
  id: 'here.time',
  title: 'the time service of this machine',
  why: 'A clock that nobody keeps agrees today and is off tomorrow.',
  reads: [],
  after: ['here.files'],
  timeoutMs: 5000,
  gather: async (_subject, { source, value, gap: gapIn, signal }) => {
    const here = value('here.files');
    if (here === undefined) {
      const why = gapIn('here.files');
      throw why === undefined
        ? gap('absent', 'this machine runs no control plane', 'run ha-doctor on a master, as root')
        : new GapError(why);
    }
    const tell = (name: 'timedatectl' | 'chronyc') => source.command(name, signal).catch(noWord);
    const [timedatectl, chronyc] = await Promise.all([tell('timedatectl'), tell('chronyc')]);
    if (timedatectl instanceof GapError && chronyc instanceof GapError) throw timedatectl;
    const words = { ...(typeof timedatectl === 'string' && { timedatectl }), ...(typeof chronyc === 'string' && { chronyc }) };
    return { raw: JSON.stringify({ node: here.node, ...words }), source: 'this node' };
  },
  read: (raw) => {
    const {
      node,
      timedatectl = '',
      chronyc = '',
    } = checkShape(recorded, parseJson(raw, 'the recorded time service'), 'the recorded time service');
    const kernel = /^NTPSynchronized=(yes|no)\s*$/m.exec(timedatectl)?.[1];
    const service = /^NTP=(yes|no)\s*$/m.exec(timedatectl)?.[1];
    const leap = /^Leap status\s*:\s*(.+?)\s*$/m.exec(chronyc)?.[1];
    return {
      node,
      ...(kernel !== undefined && { kernelSynchronised: kernel === 'yes' }),
      ...(service !== undefined && { serviceOn: service === 'yes' }),
      ...(leap !== undefined && { chronySynchronised: leap !== 'Not synchronised' }),
    };
  },
});

function noWord(error: unknown): GapError {
  if (error instanceof GapError) return error;
  throw error;
}
