// Which cgroup folders does a node's kubelet need, how do they go away again, and where is a pod's?
import { mkdir, readFile, readdir, rmdir, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { waitUntil } from './processes.ts';

const root = '/sys/fs/cgroup';
const family = 'ha-doctor-lab';

/** The cgroup of a node as the kubelet's --cgroup-root names it. */
export function cgroupOf(lab: string, node: string): string {
  return `/${family}/${lab}/${node}`;
}

async function isUnified(): Promise<boolean> {
  return stat(join(root, 'cgroup.controllers')).then(
    () => true,
    () => false,
  );
}

/** The places where a cgroup path can exist: one per controller, or the one tree of cgroup v2, or both (runc uses all). */
async function hierarchies(): Promise<string[]> {
  if (await isUnified()) return [root];
  const mounts = (await readFile('/proc/self/mounts', 'utf8')).split('\n').map((line) => line.split(' '));
  return mounts.filter((fields) => fields[2] === 'cgroup' || fields[2] === 'cgroup2').map((fields) => fields[1] ?? '');
}

/** Creates a node's cgroup in every hierarchy. */
export async function createCgroup(lab: string, node: string): Promise<void> {
  const unified = await isUnified();
  for (const hierarchy of await hierarchies()) {
    let folder = hierarchy;
    for (const part of [family, lab, node]) {
      if (unified) await delegateControllers(folder);
      const parent = folder;
      folder = join(folder, part);
      await mkdir(folder, { recursive: true });
      if (!unified) await inheritCpuset(parent, folder);
    }
  }
}

/** A cpuset without CPUs and memory nodes accepts no process. */
async function inheritCpuset(parent: string, folder: string): Promise<void> {
  for (const file of ['cpuset.cpus', 'cpuset.mems']) {
    const inherited = await readFile(join(parent, file), 'utf8').catch(() => '');
    const own = await readFile(join(folder, file), 'utf8').catch(() => undefined);
    if (own !== undefined && own.trim() === '') await writeFile(join(folder, file), inherited.trim());
  }
}

async function delegateControllers(folder: string): Promise<void> {
  const available = (await readFile(join(folder, 'cgroup.controllers'), 'utf8')).trim().split(' ').filter(Boolean);
  const wanted = available.map((controller) => `+${controller}`).join(' ');
  await writeFile(join(folder, 'cgroup.subtree_control'), wanted);
}

/**
 * Removes a node's cgroups, or all of a lab, once its processes have ended.
 * @throws Error naming a folder that does not become empty within 10 s.
 */
export async function removeCgroups(lab: string, node?: string): Promise<void> {
  for (const hierarchy of await hierarchies()) {
    const folder = join(hierarchy, family, lab, node ?? '');
    const gone = await waitUntil(
      async () => {
        await removeTree(folder);
        return true;
      },
      10_000,
      100,
    );
    if (!gone) throw new Error(`${folder} still holds processes`);
    if (node === undefined) await rmdir(join(hierarchy, family)).catch(() => undefined);
  }
}

async function removeTree(folder: string): Promise<void> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => undefined);
  if (entries === undefined) return;
  for (const entry of entries) if (entry.isDirectory()) await removeTree(join(folder, entry.name));
  await rmdir(folder);
}

/**
 * Lines of shell that leave in `$pod` the cgroup of the pod a process is of, as its node sees it: it outlives a restart of the
 * container.
 */
export function findPodCgroup(pid: number | string, controller: 'cpu' | 'memory'): readonly string[] {
  return [`own=$(sed -n 's/^[0-9]*:${controller}[^:]*://p; s/^0:://p' /proc/${pid}/cgroup | head -1)`, 'pod=$(dirname "$own")'];
}

/** Lines that leave in `$file` where its limit is set, and in `$none` what takes it away there. `v1` and `v2` name the file. */
export function findLimit(controller: 'cpu' | 'memory', v1: string, v2: string): readonly string[] {
  const old = `/sys/fs/cgroup/${controller}$pod/${v1}`;
  return [`if [ -e "${old}" ]; then file="${old}"; none=-1`, `else file="/sys/fs/cgroup$pod/${v2}"; none=max; fi`];
}
