// Whose files were read, and whose were not?
import type { FileSet } from '../../model/here.ts';
import type { Seen } from '../../model/rule.ts';
import { clusterSubject, type Subject } from '../../model/subject.ts';
import { MissingEvidence } from '../view.ts';
import { placeOf } from './certificate-places.ts';
import { type FileEvidence, fileSets } from './certificate-files.ts';

export const filesHowToGet = 'run ha-doctor there, as root, or --pki-dir <node>=<folder>';

/** What each read machine holds, and one subject for each machine of the control plane whose files nobody read. */
export function subjectsInFiles(seen: Seen<FileEvidence>, of: (set: FileSet) => readonly Subject[]): readonly Subject[] {
  const { machines, platform } = seen.topology;
  if (platform.kind === 'managed') return [];
  const sets = fileSets(seen);
  const masters = machines.filter((machine) => machine.controlPlane).map((machine) => machine.subject.id);
  // A worker's own files show nothing of the control plane's, which is then one question as where nobody read any.
  if (!sets.some(({ node }) => masters.length === 0 || masters.includes(node))) return [...sets.flatMap(of), clusterSubject];
  const read = new Set(sets.map(({ node }) => node));
  const unread = machines.filter((machine) => machine.controlPlane && !read.has(machine.subject.id));
  return [...sets.flatMap(of), ...unread.map((machine) => placeOf(seen.topology, machine.subject.id, 'files'))];
}

/** The files of the machine a subject belongs to. @throws MissingEvidence where nobody read them. */
export function setOf(seen: Seen<FileEvidence>, subject: Subject): FileSet {
  const sets = fileSets(seen);
  const found = sets.find(({ node }) => node === subject.keys.node);
  if (found !== undefined && !subject.id.endsWith('/files')) return found;
  if (subject.id === clusterSubject.id) seen.get('here.files');
  const detail = `files of ${subject.name} were not read`;
  throw new MissingEvidence([{ gap: 'not-collected', detail, howToGet: filesHowToGet, id: 'here.files', subject: 'cluster/cluster' }]);
}
