// Where do the lab's binaries come from? From a folder the user names, or built once from their Go modules.
import { createHash } from 'node:crypto';
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { fileURLToPath } from 'node:url';
import type { Release } from './versions.ts';

const run = promisify(execFile);
const here = fileURLToPath(new URL('.', import.meta.url));

const kubernetesCommands = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', 'kubelet', 'kubeadm', 'kubectl'];
const etcdCommands: Readonly<Record<string, string>> = { server: 'etcd', etcdctl: 'etcdctl', etcdutl: 'etcdutl' };

/** Everything a lab needs on disk for one release. */
export const requiredBinaries = [...kubernetesCommands, ...Object.values(etcdCommands)];

/** The folder for things that survive the repo: XDG_CACHE_HOME or ~/.cache, then ha-doctor. */
export function cacheRoot(): string {
  return join(process.env['XDG_CACHE_HOME'] || join(homedir(), '.cache'), 'ha-doctor');
}

/** A binary folder the user named, if any; kubectl's test tooling knows KUBEBUILDER_ASSETS. */
export function suppliedFolder(): string | undefined {
  return process.env['HA_DOCTOR_LAB_BINARIES'] || process.env['KUBEBUILDER_ASSETS'] || undefined;
}

async function exists(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

/**
 * The folder of a release's binaries, built first if it is not there.
 * @param say receives one line per slow step.
 * @throws Error when neither Go nor a supplied folder can give them.
 */
export async function binariesFor(release: Release, say: (line: string) => void): Promise<string> {
  const supplied = suppliedFolder();
  if (supplied !== undefined) return checkSupplied(supplied);
  const overlay = await wallClockOverlay();
  const folder = join(cacheRoot(), 'binaries', await cacheName(release, overlay.text));
  if (await exists(folder)) return folder;
  await mkdir(join(cacheRoot(), 'binaries'), { recursive: true });
  const work = await mkdtemp(join(cacheRoot(), 'binaries', '.building-'));
  try {
    const overlayFile = await writeOverlay(work, overlay);
    say(`building etcd ${release.etcd} (about 1 minute, once)`);
    await buildEtcd(release, work, overlayFile);
    say(`building Kubernetes ${release.kubernetes} (about 5 minutes, once)`);
    await buildKubernetes(release, work, overlayFile);
    await rename(join(work, 'bin'), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

/**
 * The folder of a release's etcd, built alone where the whole release is not there: tests talk to members of each.
 * @param say receives one line per slow step.
 * @throws Error when Go cannot give it.
 */
export async function etcdFor(release: Release, say: (line: string) => void): Promise<string> {
  const overlay = await wallClockOverlay();
  const name = await cacheName(release, overlay.text);
  const places = [name, name.replace(/^kubernetes-[^-]+-/, '')].map((one) => join(cacheRoot(), 'binaries', one));
  for (const place of places) if (await exists(place)) return place;
  const folder = places[1] ?? '';
  await mkdir(join(cacheRoot(), 'binaries'), { recursive: true });
  const work = await mkdtemp(join(cacheRoot(), 'binaries', '.building-'));
  try {
    say(`building etcd ${release.etcd} (about 1 minute, once)`);
    await buildEtcd(release, work, await writeOverlay(work, overlay));
    await rename(join(work, 'bin'), folder);
  } finally {
    await rm(work, { recursive: true, force: true });
  }
  return folder;
}

/** Whether `binariesFor` would answer at once. */
export async function binariesAreCached(release: Release): Promise<boolean> {
  if (suppliedFolder() !== undefined) return true;
  const overlay = await wallClockOverlay().catch(() => undefined);
  return overlay !== undefined && exists(join(cacheRoot(), 'binaries', await cacheName(release, overlay.text)));
}

async function checkSupplied(folder: string): Promise<string> {
  const missing: string[] = [];
  for (const name of requiredBinaries) if (!(await exists(join(folder, name)))) missing.push(name);
  if (missing.length > 0) throw new Error(`${folder} lacks ${missing.join(', ')}`);
  return folder;
}

async function cacheName(release: Release, overlayText: string): Promise<string> {
  const { stdout } = await run('go', ['version']);
  const hash = createHash('sha256').update(stdout).update(overlayText).update(readBuildRecipe()).digest('hex').slice(0, 12);
  return `kubernetes-${release.kubernetes}-etcd-${release.etcd}-${hash}`;
}

/** Raised by hand when the way of building changes, so that old binaries are not taken for new ones. */
function readBuildRecipe(): string {
  return 'recipe 1';
}

interface Overlay {
  /** Path of the file in the Go tree that is replaced. */
  readonly replaces: string;
  readonly text: string;
}

/**
 * Go's own time.go with a wall clock that can be moved by HA_DOCTOR_WALL_OFFSET (a Go duration);
 * the monotonic clock never moves, and unset means no change.
 */
async function wallClockOverlay(): Promise<Overlay> {
  const { stdout } = await run('go', ['env', 'GOROOT']);
  const replaces = join(stdout.trim(), 'src', 'time', 'time.go');
  const source = await readFile(replaces, 'utf8');
  const marker = 'func Now() Time {\n\tsec, nsec, mono := runtimeNow()\n';
  const parts = source.split(marker);
  if (parts.length !== 2) throw new Error(`${replaces} has another shape than the lab's clock overlay expects`);
  const shift = `${marker}\tsec, nsec = shiftWallClock(sec, nsec)\n`;
  return { replaces, text: parts.join(shift) };
}

const shiftSource = `package time

import "syscall"

var wallClockOffset = readWallClockOffset()

func readWallClockOffset() Duration {
	text, found := syscall.Getenv("HA_DOCTOR_WALL_OFFSET")
	if !found {
		return 0
	}
	offset, err := ParseDuration(text)
	if err != nil {
		return 0
	}
	return offset
}

func shiftWallClock(sec int64, nsec int32) (int64, int32) {
	if wallClockOffset == 0 {
		return sec, nsec
	}
	total := int64(nsec) + int64(wallClockOffset%Second)
	sec += int64(wallClockOffset / Second)
	if total < 0 {
		total += int64(Second)
		sec--
	} else if total >= int64(Second) {
		total -= int64(Second)
		sec++
	}
	return sec, int32(total)
}
`;

async function writeOverlay(work: string, overlay: Overlay): Promise<string> {
  const time = join(work, 'time.go');
  const shift = join(work, 'wall_clock_offset.go');
  await writeFile(time, overlay.text);
  await writeFile(shift, shiftSource);
  const replace = { [overlay.replaces]: time, [join(overlay.replaces, '..', 'wall_clock_offset.go')]: shift };
  const file = join(work, 'overlay.json');
  await writeFile(file, JSON.stringify({ Replace: replace }));
  return file;
}

async function goBuild(moduleName: string, work: string, overlay: string, ldflags: string, targets: readonly string[][]): Promise<void> {
  const cwd = join(work, moduleName);
  await cp(join(here, 'modules', moduleName), cwd, { recursive: true });
  const env = { ...process.env, CGO_ENABLED: '0', GOFLAGS: '-buildvcs=false', GOWORK: 'off' };
  for (const target of targets) {
    const args = ['build', '-trimpath', '-overlay', overlay, '-ldflags', ldflags, ...target];
    await run('go', args, { cwd, env, maxBuffer: 1 << 26 });
  }
}

async function buildEtcd(release: Release, work: string, overlay: string): Promise<void> {
  const targets = Object.entries(etcdCommands).map(([module, name]) => ['-o', join(work, 'bin', name), `go.etcd.io/etcd/${module}/v3`]);
  await goBuild(`etcd-${release.etcd}`, work, overlay, '-s -w', targets);
}

async function buildKubernetes(release: Release, work: string, overlay: string): Promise<void> {
  const [major = '', minor = ''] = release.kubernetes.split('.');
  const stamp = {
    gitVersion: `v${release.kubernetes}`,
    gitMajor: major,
    gitMinor: minor,
    gitTreeState: 'clean',
    gitCommit: '0'.repeat(40),
    buildDate: '2026-01-01T00:00:00Z',
  };
  const places = ['k8s.io/component-base/version', 'k8s.io/client-go/pkg/version'];
  const sets = places.flatMap((place) => Object.entries(stamp).map(([name, value]) => `-X ${place}.${name}=${value}`));
  const packages = kubernetesCommands.map((name) => `k8s.io/kubernetes/cmd/${name}`);
  await goBuild(`kubernetes-${release.kubernetes}`, work, overlay, `-s -w ${sets.join(' ')}`, [
    ['-o', `${join(work, 'bin')}/`, ...packages],
  ]);
}
