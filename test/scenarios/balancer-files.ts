// What does an operator fetch from the load balancers of a lab, and name to the tool?
import { mkdir, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { haproxyConfigFile } from '../../lab/haproxy.ts';
import { keepalivedConfigFile, keepalivedDataFile } from '../../lab/keepalived.ts';
import type { Lab } from '../../lab/lab.ts';
import { nginxConfigFile } from '../../lab/nginx.ts';

/** Below the operator's folder, so that no recording names this machine. */
const folder = 'balancers';

/** The files of every load balancer as they are now, each as a flag. */
export async function fetchBalancerFiles(lab: Lab): Promise<readonly string[]> {
  await rm(join(lab.folder, 'operator', folder), { recursive: true, force: true });
  const balancers = lab.nodes.filter((node) => node.role === 'lb').map((node) => node.name);
  if (lab.plan.vip) await Promise.all(balancers.map((node) => askKeepalived(lab, node)));
  const flags = await Promise.all(balancers.map((node) => fetchFrom(lab, node)));
  return flags.flat();
}

/** It writes its file a moment after the signal; where it does not run, an old file would lie. */
async function askKeepalived(lab: Lab, node: string): Promise<void> {
  await lab.nodeExec(node, ['bash', '-c', `rm -f ${keepalivedDataFile}; kill -USR1 "$(cat /run/lab/keepalived.pid)"`]);
  await sleep(1500);
}

async function fetchFrom(lab: Lab, node: string): Promise<readonly string[]> {
  const proxy = lab.plan.loadBalancer === 'nginx' ? ['nginx', '-T', '-c', nginxConfigFile] : ['cat', haproxyConfigFile];
  const commands: Readonly<Record<string, readonly string[]>> = {
    [lab.plan.loadBalancer === 'nginx' ? 'nginx.conf' : 'haproxy.cfg']: proxy,
    ...(lab.plan.vip && {
      'keepalived.conf': ['cat', keepalivedConfigFile],
      'keepalived.data': ['cat', keepalivedDataFile],
      addresses: ['ip', '-oneline', 'address'],
    }),
  };
  const flags: string[] = [];
  for (const [name, argv] of Object.entries(commands)) {
    const { stdout, code } = await lab.nodeExec(node, argv);
    if (code !== 0) continue;
    const path = join(folder, node, name);
    await mkdir(join(lab.folder, 'operator', folder, node), { recursive: true });
    await writeFile(join(lab.folder, 'operator', path), stdout);
    flags.push(`--lb-config=${node}=${path}`);
  }
  return flags;
}
