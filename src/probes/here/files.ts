// What lies on this machine, when it is a control-plane node: manifests, public certificates, digests of keys?
import * as z from 'zod';
import type { LocalFiles } from '../../model/here.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { gatherFileSet, isOfInterest, note, rawFileSet, readFileSet, type Unreadable } from '../shared/file-set.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, listOf, parseJson } from '../shared/json.ts';
import { reduceManifest } from '../shared/local-files.ts';
import { cleanLine } from '../shared/text.ts';

const manifestFolders = ['/etc/kubernetes/manifests', '/var/lib/rancher/rke2/agent/pod-manifests'];
/** Where a machine of the control plane keeps its certificates and kubeconfigs: kubeadm, k3s, RKE2. */
const ownFolders = ['/etc/kubernetes', '/etc/kubernetes/pki', '/etc/kubernetes/pki/etcd', '/var/lib/kubelet/pki'];
const rancherFolders = ['k3s', 'rke2'].flatMap((name) =>
  ['server/tls', 'server/tls/etcd', 'server/cred', 'agent'].map((folder) => `/var/lib/rancher/${name}/${folder}`),
);

const files = rawFileSet.extend({ hostname: z.string(), manifests: z.array(z.object({ path: line, pod: z.unknown() })) });
const variable = z.object({ name: line, value: line });
const pod = z.object({
  metadata: z.object({ name: line }),
  spec: z.object({ containers: z.array(z.object({ command: listOf(line), args: listOf(line), env: listOf(variable) })).min(1) }),
});

export default defineProbe({
  id: 'here.files',
  title: 'files of this machine',
  why: 'On a master they survive every failure of the API and say how it is meant to run.',
  reads: [],
  after: [],
  timeoutMs: 6000,
  gather: async (_subject, { source }) => {
    const list = (folders: readonly string[]) => Promise.all(folders.map((folder) => source.folder(folder).catch(() => [])));
    const manifestPaths = (await list(manifestFolders)).flat().filter((path) => /\.ya?ml$/.test(path));
    const rancher = (await list(rancherFolders)).flat();
    if (manifestPaths.length === 0 && !rancher.some((path) => path.includes('/server/tls/')))
      throw gap('absent', 'this machine runs no static pods of a control plane', 'run ha-doctor on a master, as root');
    const unreadable: Unreadable = [];
    const own = await Promise.all(ownFolders.map((folder) => source.folder(folder).catch(note(folder, unreadable))));
    const manifests = await readManifests(source, manifestPaths, unreadable);
    const set = await gatherFileSet(source, [...own.flat(), ...rancher].filter(isOfInterest), unreadable);
    const hostname = (await source.file('/etc/hostname').catch(() => '')).trim();
    return { raw: JSON.stringify({ hostname, manifests, ...set }), source: 'this node' };
  },
  read,
});

async function readManifests(source: Surroundings['source'], paths: readonly string[], unreadable: Unreadable) {
  const all = paths.map(async (path) => source.file(path).then((text) => [{ path, pod: reduceManifest(text) }], note(path, unreadable)));
  return (await Promise.all(all)).flat();
}

function read(raw: string): LocalFiles {
  const found = checkShape(files, parseJson(raw, 'the recorded files'), 'the recorded files');
  const set = readFileSet(found, found.hostname);
  const unreadable = [...set.unreadable];
  const manifests = found.manifests.flatMap((one) => {
    try {
      const { metadata, spec } = checkShape(pod, one.pod, 'the manifest');
      const command = spec.containers.flatMap(({ command, args }) => [...command, ...args]);
      const environment = spec.containers.flatMap(({ env }) => env.map(({ name, value }) => `${name}=${value}`));
      return [{ path: one.path, component: metadata.name, command, ...(environment.length > 0 && { environment }) }];
    } catch (error) {
      unreadable.push({ path: one.path, why: cleanLine(error instanceof Error ? error.message : String(error), 200) });
      return [];
    }
  });
  return { ...set, manifests, unreadable };
}
