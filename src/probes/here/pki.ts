// Which certificates lie in the folders that were named, each a copy of a machine's own?
import * as z from 'zod';
import type { FileSet } from '../../model/here.ts';
import { GapError } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { gatherFileSet, isOfInterest, rawFileSet, readFileSet, type Unreadable } from '../shared/file-set.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, parseJson } from '../shared/json.ts';

const folders = z.object({ folders: z.array(rawFileSet.extend({ folder: line, node: line.exactOptional() })) });

/** When a copy was written, and who may read it, says nothing about the file on the machine. */
function asCopied({ certificates, keys, kubeconfigs, ...set }: FileSet): FileSet {
  return {
    ...set,
    certificates: certificates.map(({ modifiedAt: _, ...file }) => file),
    ...(keys !== undefined && { keys: keys.map((key) => ({ ...key, open: false })) }),
    ...(kubeconfigs !== undefined && { kubeconfigs: kubeconfigs.map(({ modifiedAt: _, ...file }) => file) }),
  };
}

export default defineProbe({
  id: 'here.pki',
  title: 'folders of certificates',
  why: 'A copy of a machine’s certificates shows what it serves to nobody, without a shell on it.',
  reads: [],
  after: [],
  timeoutMs: 9000,
  gather: async (_subject, { source, settings }) => {
    const named = settings.pkiDirs ?? [];
    if (named.length === 0) throw gap('not-collected', 'no folder with certificates was named', '--pki-dir m1=<folder>');
    const found = await Promise.all(
      named.map(async ({ node, path }) => {
        const unreadable: Unreadable = [];
        const paths = await source.tree(path).catch((error: unknown) => {
          if (!(error instanceof GapError)) throw error;
          unreadable.push({ path, why: error.gap.detail });
          return [];
        });
        const set = await gatherFileSet(source, paths.filter(isOfInterest), unreadable);
        return { folder: path, ...(node !== undefined && { node }), ...set };
      }),
    );
    return { raw: JSON.stringify({ folders: found }), source: 'files' };
  },
  read: (raw) => {
    const found = checkShape(folders, parseJson(raw, 'the recorded files'), 'the recorded files');
    return {
      sets: found.folders.map(({ folder, node, ...set }): FileSet => {
        const read = asCopied(readFileSet(set, folder));
        return node === undefined ? read : { ...read, node };
      }),
    };
  },
});
