// How do bare binaries become container images that every machine of a lab has from the start?
import { createHash } from 'node:crypto';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { cacheRoot, requiredBinaries } from './binaries.ts';
import { containerdConfig, etcdImageTag, imageRepository, pauseImage } from './containerd.ts';
import { endProcesses, runCommand, runOrFail, startDetached, waitUntil } from './processes.ts';
import type { Release } from './versions.ts';

const busybox = '/bin/busybox';

interface Image {
  readonly reference: string;
  readonly binaries: readonly string[];
  /** A shell and small tools beside the binaries, so that `kubectl exec` finds something. */
  readonly shell: 'busybox' | 'none';
  readonly entrypoint: readonly string[];
}

function imagesOf(release: Release): Image[] {
  const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'];
  const plain = components.map(
    (name): Image => ({
      reference: `${imageRepository}/${name}:v${release.kubernetes}`,
      binaries: [name],
      shell: 'none',
      entrypoint: [`/usr/local/bin/${name}`],
    }),
  );
  const etcd: Image = {
    reference: `${imageRepository}/etcd:${etcdImageTag(release)}`,
    binaries: ['etcd', 'etcdctl', 'etcdutl'],
    shell: 'busybox',
    entrypoint: [],
  };
  const pause: Image = { reference: pauseImage(release), binaries: [], shell: 'busybox', entrypoint: ['/bin/sleep', '2147483647'] };
  return [...plain, etcd, pause];
}

/**
 * A containerd root folder that holds all images of a release, made once and kept in the cache.
 * @param say receives one line when it has to be made.
 */
export async function imageStoreFor(release: Release, binaries: string, say: (line: string) => void): Promise<string> {
  const store = join(cacheRoot(), 'images', await storeName(release, binaries));
  if (
    await stat(store).then(
      () => true,
      () => false,
    )
  )
    return store;
  say('making container images (about 15 seconds, once)');
  await mkdir(join(cacheRoot(), 'images'), { recursive: true });
  const work = await mkdtemp(join(cacheRoot(), 'images', '.building-'));
  try {
    await importAll(imagesOf(release), release, binaries, work);
    await rename(join(work, 'root'), store);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return store;
}

async function storeName(release: Release, binaries: string): Promise<string> {
  const hash = createHash('sha256').update(JSON.stringify(imagesOf(release)));
  for (const file of [...requiredBinaries.map((name) => join(binaries, name)), busybox]) {
    const found = await stat(file);
    hash.update(`${file} ${found.size} ${found.mtimeMs}\n`);
  }
  return `kubernetes-${release.kubernetes}-${hash.digest('hex').slice(0, 12)}`;
}

async function importAll(images: readonly Image[], release: Release, binaries: string, work: string): Promise<void> {
  const config = join(work, 'config.toml');
  await writeFile(config, containerdConfig(release, join(work, 'root'), join(work, 'run')));
  const argv = ['unshare', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc', 'containerd', '--config', config];
  const daemon = startDetached(argv, { PATH: process.env['PATH'] ?? '' }, join(work, 'containerd.log'));
  const ctr = ['ctr', '--address', join(work, 'run', 'containerd.sock'), '--namespace', 'k8s.io'];
  try {
    const ready = await waitUntil(async () => (await runCommand([...ctr, 'version'])).code === 0, 20_000, 100);
    if (!ready) throw new Error(`containerd did not start: ${(await readFile(join(work, 'containerd.log'), 'utf8')).slice(-600)}`);
    for (const [index, image] of images.entries()) {
      const folder = join(work, `image-${index}`);
      const archive = await writeArchive(image, binaries, folder);
      await runOrFail([...ctr, 'images', 'import', '--snapshotter', 'overlayfs', archive]);
      await rm(folder, { recursive: true });
    }
    await sleep(200);
  } finally {
    await endProcesses([daemon]);
  }
}

/** Writes an image of one layer in the docker-archive form; returns the archive's path. */
async function writeArchive(image: Image, binaries: string, folder: string): Promise<string> {
  const layer = join(folder, 'layer');
  const bin = join(layer, 'usr', 'local', 'bin');
  await mkdir(bin, { recursive: true });
  for (const name of image.binaries) await cp(join(binaries, name), join(bin, name));
  if (image.shell === 'busybox') await addBusybox(layer);
  await runOrFail(['tar', '--create', '--owner=0', '--group=0', `--file=${join(folder, 'layer.tar')}`, `--directory=${layer}`, '.']);
  const digest = (await runOrFail(['sha256sum', join(folder, 'layer.tar')])).split(' ')[0] ?? '';
  const config = {
    architecture: process.arch === 'x64' ? 'amd64' : process.arch,
    os: 'linux',
    config: { Env: ['PATH=/usr/local/bin:/usr/bin:/bin'], Entrypoint: image.entrypoint },
    rootfs: { type: 'layers', diff_ids: [`sha256:${digest}`] },
  };
  await writeFile(join(folder, 'config.json'), JSON.stringify(config));
  await writeFile(
    join(folder, 'manifest.json'),
    JSON.stringify([{ Config: 'config.json', RepoTags: [image.reference], Layers: ['layer.tar'] }]),
  );
  const archive = join(folder, 'image.tar');
  await runOrFail(['tar', '--create', `--file=${archive}`, `--directory=${folder}`, 'manifest.json', 'config.json', 'layer.tar']);
  return archive;
}

async function addBusybox(layer: string): Promise<void> {
  const bin = join(layer, 'bin');
  await mkdir(bin, { recursive: true });
  await mkdir(join(layer, 'tmp'), { recursive: true, mode: 0o1777 });
  await cp(busybox, join(bin, 'busybox'), { dereference: true });
  const applets = (await runOrFail([busybox, '--list'])).trim().split('\n');
  for (const applet of applets) if (applet !== 'busybox') await symlink('busybox', join(bin, applet));
}

/**
 * Gives a machine its own containerd root. Blobs and image layers are never written again, so they are shared as
 * hard links where the file system allows; containerd's databases are copied.
 */
export async function copyImageStore(store: string, target: string): Promise<void> {
  await rm(target, { recursive: true, force: true });
  const linked = await runCommand(['cp', '--archive', '--link', store, target]);
  if (linked.code !== 0) {
    await rm(target, { recursive: true, force: true });
    await runOrFail(['cp', '--archive', '--reflink=auto', store, target]);
  }
  for (const database of ['io.containerd.metadata.v1.bolt/meta.db', 'io.containerd.snapshotter.v1.overlayfs/metadata.db']) {
    await runOrFail(['cp', '--archive', '--remove-destination', join(store, database), join(target, database)]);
  }
}
