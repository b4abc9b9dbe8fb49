// How much room is there on the disks under this machine's etcd data?
import * as z from 'zod';
import { parseFlags } from '../../model/flags.ts';
import { GapError } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, parseJson } from '../shared/json.ts';

const usual = '/var/lib/etcd';
const count = z.number().nonnegative();
const disk = z.object({
  node: line,
  folders: z
    .array(z.object({ path: line, size: count, free: count, files: count.exactOptional(), filesFree: count.exactOptional() }))
    .min(1),
});

export default defineProbe({
  id: 'here.disk',
  title: 'room on the disk of etcd on this machine',
  why: 'A member whose disk is full ends and cannot start again; no API tells how much room is left.',
  reads: [],
  after: ['here.files'],
  timeoutMs: 3000,
  gather: async (_subject, { source, value, gap: gapIn }) => {
    const here = value('here.files');
    if (here === undefined) {
      const why = gapIn('here.files');
      throw why === undefined
        ? gap('absent', 'this machine runs no control plane', 'run ha-doctor on a master, as root')
        : new GapError(why);
    }
    const command = here.manifests.find((one) => one.component === 'etcd')?.command;
    if (command === undefined)
      throw gap('absent', 'no static pod of this machine is an etcd member', 'run ha-doctor on a machine with etcd, as root');
    const flags = parseFlags(command);
    const folders = [flags.get('data-dir') ?? usual, flags.get('wal-dir')].filter((path) => path !== undefined && path !== '');
    const spaces = await Promise.all(folders.map((path) => source.space(path ?? usual)));
    return { raw: JSON.stringify({ node: here.node, folders: spaces }), source: 'this node' };
  },
  read: (raw) => checkShape(disk, parseJson(raw, 'the recorded disks'), 'the recorded disks'),
});
