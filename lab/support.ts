// Can a lab run on this machine, and what has to be installed first?
import { access, constants, readFile, statfs, writeFile } from 'node:fs/promises';
import { platform } from 'node:os';
import { binariesAreCached, cacheRoot } from './binaries.ts';
import { runCommand, runOrFail } from './processes.ts';
import { labsRoot } from './state.ts';
import type { LabPlan } from './topology.ts';
import { releaseFor } from './versions.ts';
import type { Release } from './versions.ts';

export type LabSupport = { readonly can: true } | { readonly can: false; readonly because: string };

/** Programs the lab calls, each with the Debian package that brings it. */
const programs: Readonly<Record<string, string>> = {
  containerd: 'containerd',
  runc: 'runc',
  haproxy: 'haproxy',
  busybox: 'busybox-static',
  nft: 'nftables',
  ip: 'iproute2',
  unshare: 'util-linux',
  nsenter: 'util-linux',
  mount: 'mount',
  strace: 'strace',
  tar: 'tar',
  bash: 'bash',
};
const files: Readonly<Record<string, string>> = { '/usr/lib/cni/bridge': 'containernetworking-plugins', '/bin/busybox': 'busybox-static' };

/** What only some shapes of a lab need, with the Debian package that brings it. */
function extraPrograms(plan: Pick<LabPlan, 'loadBalancer' | 'vip'> | undefined): Readonly<Record<string, string>> {
  return {
    ...(plan?.vip && { keepalived: 'keepalived' }),
    ...(plan?.loadBalancer === 'nginx' && { nginx: 'nginx-light libnginx-mod-stream' }),
    ...(plan?.loadBalancer === 'envoy' && { python3: 'python3 python3-pip' }),
  };
}

const searchPath = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'.split(':');

async function isExecutable(path: string): Promise<boolean> {
  return access(path, constants.X_OK).then(
    () => true,
    () => false,
  );
}

async function isProgram(name: string): Promise<boolean> {
  const found = await Promise.all(searchPath.map((folder) => isExecutable(`${folder}/${name}`)));
  return found.includes(true);
}

/** Debian packages that are still missing, without duplicates. */
async function missingPackages(plan?: Pick<LabPlan, 'loadBalancer' | 'vip'>): Promise<string[]> {
  const missing = new Set<string>();
  for (const [program, name] of Object.entries({ ...programs, ...extraPrograms(plan) })) if (!(await isProgram(program))) missing.add(name);
  for (const [file, name] of Object.entries(files)) if (!(await isExecutable(file))) missing.add(name);
  return [...missing];
}

async function isDebianLike(): Promise<boolean> {
  const release = await readFile('/etc/os-release', 'utf8').catch(() => '');
  return /^ID(_LIKE)?=.*(debian|ubuntu)/m.test(release) && (await isProgram('apt-get'));
}

/**
 * Whether a lab can run here, now or after `setup`. Nothing is installed or changed by asking.
 */
export async function labSupport(release: Release = releaseFor(undefined)): Promise<LabSupport> {
  const no = (because: string): LabSupport => ({ can: false, because });
  if (platform() !== 'linux') return no(`this is ${platform()}, and the lab is made of Linux namespaces`);
  if (process.getuid?.() !== 0) return no('not root: namespaces, mounts and cgroups need it');
  const missing = await missingPackages();
  if (missing.length > 0 && !(await isDebianLike())) return no(`missing here and not installable by apt-get: ${missing.join(', ')}`);
  const cached = await binariesAreCached(release).catch(() => false);
  if (!cached && !(await canRunGo()))
    return no('no Go to build Kubernetes and etcd with, and HA_DOCTOR_LAB_BINARIES names no folder of binaries');
  const separate = await runCommand(['unshare', '--net', '--mount', '--uts', '--ipc', '--pid', '--fork', 'true']);
  if (separate.code !== 0) return no(`namespaces cannot be made: ${separate.stderr.trim()}`);
  if (/^\/(etc|var|opt)\//.test(labsRoot()))
    return no(`${labsRoot()} lies in a folder that the lab's machines cover; set XDG_STATE_HOME to another place`);
  const overlay = await findOverlay();
  return overlay === undefined
    ? { can: true }
    : no(
        `${overlay} lies on an overlay file system, where containers cannot be unpacked; set XDG_STATE_HOME and XDG_CACHE_HOME to a real disk`,
      );
}

async function canRunGo(): Promise<boolean> {
  return (await runCommand(['go', 'version'])).code === 0;
}

/** The first of the lab's folders that lies on an overlay (an overlay's upper layer must not). */
async function findOverlay(): Promise<string | undefined> {
  const overlayMagic = 0x794c7630;
  for (const folder of [labsRoot(), cacheRoot()]) {
    let place = folder;
    let found = await statfs(place).catch(() => undefined);
    while (found === undefined && place !== '/') {
      place = place.replace(/\/[^/]*$/, '') || '/';
      found = await statfs(place).catch(() => undefined);
    }
    if (found?.type === overlayMagic) return folder;
  }
  return undefined;
}

/**
 * Installs what is missing with apt-get; of what only some labs need, what this one needs.
 * @throws Error with one clear sentence where that is not possible.
 */
export async function installMissing(say: (line: string) => void, plan?: Pick<LabPlan, 'loadBalancer' | 'vip'>): Promise<void> {
  const missing = (await missingPackages(plan)).flatMap((names) => names.split(' '));
  if (missing.length === 0) return;
  const list = missing.join(' ');
  if (process.getuid?.() !== 0) throw new Error(`missing on this machine: ${list}; as root, run: apt-get install ${list}`);
  if (!(await isDebianLike())) throw new Error(`missing on this machine, and only known how to install on Debian: ${list}`);
  say(`installing ${list}`);
  const env = { ...definedEnvironment(), DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' };
  const install = ['apt-get', 'install', '--yes', '--no-install-recommends', '-o', 'Dpkg::Use-Pty=0', ...missing];
  const first = await runCommand(install, { env });
  if (first.code === 0) return;
  await runOrFail(['apt-get', 'update'], { env });
  await runOrFail(install, { env });
}

const inotifyLimit = '/proc/sys/fs/inotify/max_user_instances';

/**
 * Each machine of a lab needs about 20 inotify instances, and they count against root on the whole computer: with the
 * usual 128 a second lab's kubelets would not start. Raised until the next boot; the limit costs nothing unused.
 * @throws Error when it is too low and cannot be raised.
 */
export async function raiseInotifyLimit(say: (line: string) => void): Promise<void> {
  const wanted = 1024;
  const now = Number((await readFile(inotifyLimit, 'utf8')).trim());
  if (now >= wanted) return;
  say(`raising ${inotifyLimit} from ${now} to ${wanted} until the next boot`);
  await writeFile(inotifyLimit, String(wanted)).catch((error: Error) => {
    throw new Error(`${inotifyLimit} is ${now}, a lab needs ${wanted}, and it cannot be raised: ${error.message}`);
  });
}

function definedEnvironment(): Record<string, string> {
  return Object.fromEntries(Object.entries(process.env).filter((entry): entry is [string, string] => entry[1] !== undefined));
}
