// What does the kubelet of this machine log in and serve with, when it is no master?
import type { Gap } from '../../model/evidence.ts';
import { GapError } from '../../sources/source.ts';
import { defineProbe } from '../probe.ts';
import { gatherFileSet, isOfInterest, note, rawFileSet, readFileSet, type Unreadable } from '../shared/file-set.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, parseJson } from '../shared/json.ts';

/** kubeadm's and most others', k3s's, RKE2's: kubelet, its kubeconfig, and the authority it trusts. */
const folders = [
  '/etc/kubernetes',
  '/etc/kubernetes/pki',
  '/var/lib/kubelet',
  '/var/lib/kubelet/pki',
  '/var/lib/rancher/k3s/agent',
  '/var/lib/rancher/rke2/agent',
];

const files = rawFileSet.extend({ hostname: line });

export default defineProbe({
  id: 'here.kubelet',
  title: 'files of this machine’s kubelet',
  why: 'On a worker they show until when its kubelet can log in, which no network shows.',
  reads: [],
  after: ['here.files'],
  timeoutMs: 6000,
  gather: async (_subject, { source, value, gap: gapIn }) => {
    // Where somebody may not look, this may be a master.
    const why: Gap | undefined = gapIn('here.files');
    if (value('here.files') !== undefined)
      throw gap('absent', 'this machine is a master: its kubelet’s files are among its own', 'ha-doctor certs');
    if (why !== undefined && why.gap !== 'absent') throw new GapError(why);
    const unreadable: Unreadable = [];
    const found = await Promise.all(folders.map((folder) => source.folder(folder).catch(note(folder, unreadable))));
    const paths = found.flat().filter(isOfInterest);
    const isNode = paths.some((path) => /kubelet/.test(path)) || unreadable.some(({ path }) => path.startsWith('/var/lib/'));
    if (!isNode) throw gap('absent', 'this machine has no kubelet', 'run ha-doctor on the node, as root');
    const set = await gatherFileSet(source, paths, unreadable);
    const hostname = (await source.file('/etc/hostname').catch(() => '')).trim();
    return { raw: JSON.stringify({ hostname, ...set }), source: 'this node' };
  },
  read: (raw) => {
    const { hostname, ...set } = checkShape(files, parseJson(raw, 'the recorded files'), 'the recorded files');
    return readFileSet(set, hostname);
  },
});
