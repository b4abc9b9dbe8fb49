// How are a machine's supervised services and processes stopped, continued and restarted?
import type { LabHandle } from './handle.ts';
import { envoyConfigFile, readEnvoyServers } from './envoy.ts';
import { haproxyConfigFile } from './haproxy.ts';
import { writeOnNode } from './node-files.ts';
import { waitUntil } from './processes.ts';

export type Service = 'kubelet' | 'containerd' | 'haproxy' | 'nginx' | 'envoy' | 'keepalived' | 'etcd';

async function shell(lab: LabHandle, node: string, line: string): Promise<string> {
  const outcome = await lab.nodeExec(node, ['bash', '-c', line], { timeoutMs: 30_000 });
  if (outcome.code !== 0) throw new Error(`${node}: ${line} ended with ${outcome.code}: ${outcome.stderr.trim()}`);
  return outcome.stdout;
}

/** Ends a service and keeps it ended, as `systemctl stop` would. */
export async function stopService(lab: LabHandle, node: string, service: Service): Promise<void> {
  await shell(
    lab,
    node,
    `touch /run/lab/${service}.stopped; [ ! -e /run/lab/${service}.pid ] || kill -TERM "$(cat /run/lab/${service}.pid)"`,
  );
  const ended = await waitUntil(async () => (await shell(lab, node, `[ -e /run/lab/${service}.pid ] || echo ended`)) === 'ended\n', 20_000);
  if (!ended) throw new Error(`${service} on ${node} does not end`);
}

/** Lets a service run again; does nothing when it runs. */
export async function startService(lab: LabHandle, node: string, service: Service): Promise<void> {
  await shell(lab, node, `rm -f /run/lab/${service}.stopped`);
}

/** Restarts the kubelet, which also forgets its crash back-off and looks at the manifests at once. */
export async function restartKubelet(lab: LabHandle, node: string): Promise<void> {
  await stopService(lab, node, 'kubelet');
  await startService(lab, node, 'kubelet');
}

/** Tells HAProxy to take its changed configuration, which it checks first. */
export async function reloadHaproxy(lab: LabHandle, node: string): Promise<void> {
  await shell(lab, node, 'haproxy -c -q -f /etc/haproxy/haproxy.cfg && kill -USR2 "$(cat /run/lab/haproxy.pid)"');
}

/** Gives HAProxy this configuration and has it taken. */
export async function useHaproxyConfig(lab: LabHandle, node: string, config: string): Promise<void> {
  await writeOnNode(lab, node, haproxyConfigFile, config);
  await reloadHaproxy(lab, node);
}

/** Gives Envoy this configuration; it reads a static one only when it starts. */
export async function useEnvoyConfig(lab: LabHandle, node: string, config: string): Promise<void> {
  await writeOnNode(lab, node, envoyConfigFile, config);
  await stopService(lab, node, 'envoy');
  await startService(lab, node, 'envoy');
  const answers = await waitUntil(async () => (await readEnvoyServers(lab)) !== undefined, 20_000);
  if (!answers) throw new Error(`envoy on ${node} does not take its configuration; see /var/log/envoy.log there`);
}

/** Has keepalived read its changed file. */
export async function reloadKeepalived(lab: LabHandle, node: string): Promise<void> {
  await shell(lab, node, 'kill -HUP "$(cat /run/lab/keepalived.pid)"');
}

/** Process ids of a program inside a machine, as the machine counts them. */
export async function processesNamed(lab: LabHandle, node: string, program: string): Promise<string[]> {
  const outcome = await lab.nodeExec(node, ['busybox', 'pidof', program]);
  return outcome.stdout.trim().split(/\s+/).filter(Boolean);
}

/** @throws Error when no such process runs. */
export async function signalProgram(lab: LabHandle, node: string, program: string, signal: 'STOP' | 'CONT'): Promise<void> {
  const pids = await processesNamed(lab, node, program);
  if (pids.length === 0) throw new Error(`${program} does not run on ${node}`);
  await shell(lab, node, `kill -${signal} ${pids.join(' ')}`);
}

/** Kills a program and waits until it has ended. Only with the kubelet stopped does it stay so. */
export async function killProgram(lab: LabHandle, node: string, program: string): Promise<void> {
  const ended = await waitUntil(
    async () => {
      const pids = await processesNamed(lab, node, program);
      if (pids.length > 0) await shell(lab, node, `kill -KILL ${pids.join(' ')} 2>/dev/null || true`);
      return pids.length === 0;
    },
    20_000,
    100,
  );
  if (!ended) throw new Error(`${program} on ${node} does not end`);
}

/** Has the kubelet start programs of its pods again, at once and without back-off. */
export async function restartPrograms(lab: LabHandle, node: string, programs: readonly string[]): Promise<void> {
  await stopService(lab, node, 'kubelet');
  for (const program of programs) await killProgram(lab, node, program);
  await startService(lab, node, 'kubelet');
}
