// What lies on this machine, when it is a control-plane node: manifests and public certificates?
import { z } from 'zod';
import type { LocalFiles } from '../../model/here.ts';
import { GapError } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { describeCertificate, parseCertificate } from '../shared/certificate.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, listOf, parseJson } from '../shared/json.ts';
import { publicBlocks, reduceManifest, roleOf } from '../shared/local-files.ts';
import { cleanLine } from '../shared/text.ts';

const manifestFolder = '/etc/kubernetes/manifests';
const certificateFolders = ['/etc/kubernetes/pki', '/etc/kubernetes/pki/etcd', '/var/lib/kubelet/pki'];

const files = z.object({
  hostname: z.string(),
  manifests: z.array(z.object({ path: line, pod: z.unknown() })),
  certificates: z.array(z.object({ path: line, blocks: z.array(z.string()) })),
  unreadable: z.array(z.object({ path: line, why: line })),
});
const pod = z.object({
  metadata: z.object({ name: line }),
  spec: z.object({ containers: z.array(z.object({ command: listOf(line), args: listOf(line) })).min(1) }),
});

export default defineProbe({
  id: 'here.files',
  title: 'files of this machine',
  why: 'On a master they survive every failure of the API and say how it is meant to run.',
  reads: [],
  after: [],
  timeoutMs: 3000,
  gather: async (_subject, { source }) => {
    const manifestPaths = (await source.folder(manifestFolder).catch(() => [])).filter((path) => /\.ya?ml$/.test(path));
    if (manifestPaths.length === 0)
      throw gap('absent', 'this machine runs no static pods of a control plane', 'run ha-doctor on a master, as root');
    const unreadable: { path: string; why: string }[] = [];
    const certificatePaths = (
      await Promise.all(certificateFolders.map((folder) => source.folder(folder).catch(note(folder, unreadable))))
    ).flat();
    const manifests = await readAll(source, manifestPaths, reduceManifest, unreadable);
    const certificates = await readAll(
      source,
      certificatePaths.filter((path) => /\.(crt|pem)$/.test(path)),
      publicBlocks,
      unreadable,
    );
    const hostname = (await source.file('/etc/hostname').catch(() => '')).trim();
    const raw = {
      hostname,
      manifests: manifests.map(({ path, value }) => ({ path, pod: value })),
      certificates: certificates.map(({ path, value }) => ({ path, blocks: value })),
      unreadable,
    };
    return { raw: JSON.stringify(raw), source: 'this node' };
  },
  read,
});

type Unreadable = { path: string; why: string }[];

function note(path: string, unreadable: Unreadable): (error: unknown) => never[] {
  return (error) => {
    if (!(error instanceof GapError)) throw error;
    // What is not there is not unreadable: external etcd leaves no folder, a kubelet may keep its certificates elsewhere.
    if (error.gap.gap !== 'absent') unreadable.push({ path, why: error.gap.detail });
    return [];
  };
}

/** Only what `keep` lets through is held: a private key that stands in the same file goes no further. */
async function readAll<T>(source: Surroundings['source'], paths: readonly string[], keep: (text: string) => T, unreadable: Unreadable) {
  const all = paths.map(async (path) => source.file(path).then((text) => [{ path, value: keep(text) }], note(path, unreadable)));
  return (await Promise.all(all)).flat();
}

function read(raw: string): LocalFiles {
  const found = checkShape(files, parseJson(raw, 'the recorded files'), 'the recorded files');
  const unreadable = [...found.unreadable];
  const attempt = <T>(path: string, parse: () => T): readonly T[] => {
    try {
      return [parse()];
    } catch (error) {
      unreadable.push({ path, why: cleanLine(error instanceof Error ? error.message : String(error), 200) });
      return [];
    }
  };
  for (const { path, blocks } of found.certificates) if (blocks.length === 0) unreadable.push({ path, why: 'it holds no certificate' });
  const certificates = found.certificates.flatMap(({ path, blocks }) =>
    blocks.flatMap((block) =>
      attempt(path, () => ({ path, role: roleOf(path), certificate: describeCertificate(parseCertificate(Buffer.from(block))) })),
    ),
  );
  const manifests = found.manifests.flatMap((one) =>
    attempt(one.path, () => {
      const { metadata, spec } = checkShape(pod, one.pod, 'the manifest');
      return { path: one.path, component: metadata.name, command: spec.containers.flatMap(({ command, args }) => [...command, ...args]) };
    }),
  );
  return { node: nodeOf(certificates, found.hostname), certificates, manifests, unreadable };
}

/** The kubelet's own certificate names the node as the API knows it. */
function nodeOf(certificates: LocalFiles['certificates'], hostname: string): string {
  const names = certificates.map(({ certificate }) => /CN=system:node:([^,]+)/.exec(certificate.subject)?.[1]);
  return names.find((name) => name !== undefined) ?? cleanLine(hostname, 253);
}
