// Which certificates that the control plane logs in with did nobody see, and what would show them?
import type { FileSet } from '../../model/here.ts';
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import type { GapSeen } from '../../model/verdict.ts';
import { MissingEvidence } from '../view.ts';
import { type FileEvidence, fileSets, roleFilesIn } from './certificate-files.ts';
import { placeOf } from './certificate-places.ts';
import { filesHowToGet } from './file-subjects.ts';
import { clientOf, kubeconfigsIn } from './kubeconfig-files.ts';

/** A network shows servers’ certificates only: what somebody logs in with is seen by nobody else, and lies in these on a master. */
const ofKubeadm = [
  'controller-manager.conf',
  'scheduler.conf',
  'kubelet-client',
  'apiserver-kubelet-client',
  'apiserver-etcd-client',
  'front-proxy-client',
] as const;

/** One machine, or with `all` the whole control plane, whose logins were not all seen. */
interface Unseen {
  readonly subject: Subject;
  readonly gap: GapSeen;
}

/**
 * One for each machine of which some were seen and others not, or one for all where nobody read any file: not one for
 * each certificate, for one step shows all of them.
 */
function unseenLogins(seen: Seen<FileEvidence>): readonly Unseen[] {
  const { machines, platform } = seen.topology;
  const masters = machines.filter((machine) => machine.controlPlane).map((machine) => machine.subject.id);
  if (platform.kind === 'managed' || masters.length === 0) return [];
  const sets = fileSets(seen);
  const expected = expectedOn(seen);
  const gap = { gap: 'not-collected', id: 'here.files', subject: 'cluster/cluster', howToGet: filesHowToGet } as const;
  // A worker's own files show nothing of the control plane's.
  if (!sets.some(({ node }) => masters.includes(node))) {
    const here = seen.peek('here.files');
    const howToGet = here?.state === 'missing' ? here.howToGet : filesHowToGet;
    const detail = `nobody read the files in which ${masters.join(', ')} keep what they log in with (${expected.join(', ')}); copies named by --pki-dir <node>=<folder> will do`;
    const subject: Subject = { kind: 'cluster', id: 'logins', name: 'logins of the control plane', keys: {} };
    return [{ subject, gap: { ...gap, howToGet, detail } }];
  }
  return masters.flatMap((node): readonly Unseen[] => {
    const set = sets.find((one) => one.node === node);
    const missing = set === undefined ? expected : expected.filter((name) => !loginsIn(set).has(name));
    if (missing.length === 0) return [];
    const why = whyIn(set, missing);
    return [
      { subject: placeOf(seen.topology, node, 'logins'), gap: { ...gap, detail: `on ${node} nobody saw ${missing.join(', ')}${why}` } },
    ];
  });
}

export function unseenLoginSubjects(seen: Seen<FileEvidence>): readonly Subject[] {
  return unseenLogins(seen).map(({ subject }) => subject);
}

/** @throws MissingEvidence where the subject is one of those whose logins nobody saw. */
export function endUnseenLogins(seen: Seen<FileEvidence>, subject: Subject): void {
  const found = unseenLogins(seen).find((one) => one.subject.id === subject.id);
  if (found !== undefined) throw new MissingEvidence([found.gap]);
}

/** etcd beside the control plane has a client certificate of kubeadm's; whoever runs it elsewhere names the file. */
function expectedOn(seen: Seen): readonly string[] {
  const { etcd, platform } = seen.topology;
  const own = platform.kind === 'kubeadm' && etcd !== 'external' && etcd !== 'hidden';
  return ofKubeadm.filter((name) => name !== 'apiserver-etcd-client' || own);
}

function loginsIn(set: FileSet): ReadonlySet<string> {
  const kubeconfigs = kubeconfigsIn(set).filter((file) => clientOf(set, file) !== undefined);
  const kubelet = kubeconfigs.some(({ role }) => role === 'kubelet') ? ['kubelet-client'] : [];
  return new Set([...roleFilesIn(set).map(({ role }) => role), ...kubeconfigs.map(({ role }) => `${role}.conf`), ...kubelet]);
}

/** What could be found and not read says why. */
function whyIn(set: FileSet | undefined, missing: readonly string[]): string {
  const names = missing.map((name) => name.replace(/\.conf$/, ''));
  const found = set?.unreadable.find(({ path }) => names.some((name) => path.includes(name)));
  return found === undefined ? '' : ` (${found.path}: ${found.why})`;
}
