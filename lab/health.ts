// Is the lab healthy now, and if not, what is still missing?
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { etcdClientUrl } from './handle.ts';
import type { LabHandle } from './handle.ts';
import { readEnvoyServers } from './envoy.ts';
import { fetchStatistics, parseBackendServers } from './haproxy.ts';
import { apiServerPort } from './topology.ts';
import type { NodePlan } from './topology.ts';

interface Condition {
  readonly type: string;
  readonly status: string;
}
interface NodeObject {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions: readonly Condition[] };
  readonly spec: { readonly unschedulable?: boolean };
}
interface PodObject {
  readonly metadata: { readonly name: string };
  readonly status: { readonly conditions?: readonly Condition[] };
}
interface LeaseObject {
  readonly metadata: { readonly name: string; readonly namespace: string };
  readonly spec: { readonly holderIdentity?: string; readonly renewTime?: string };
}
interface EndpointsObject {
  readonly subsets?: readonly { readonly addresses?: readonly { readonly ip: string }[] }[];
}
interface Items<T> {
  readonly items: readonly T[];
}
interface Member {
  readonly name?: string;
  readonly isLearner?: boolean;
}

/** One line per thing that is not as it should be; empty when the lab is healthy. */
export async function findMissing(lab: LabHandle): Promise<string[]> {
  const checks = [checkApiServers(lab), checkObjects(lab), checkEtcd(lab), checkBalancer(lab)];
  const results = await Promise.allSettled(checks);
  return results.flatMap((result) => (result.status === 'fulfilled' ? result.value : [shorten(result.reason)]));
}

function shorten(reason: unknown): string {
  const text = reason instanceof Error ? reason.message : String(reason);
  return text.replace(/\s+/g, ' ').slice(0, 200);
}

/**
 * Waits for `findMissing` to find nothing twice in a row. Usual are 45 s; a machine that is shared may take several times that,
 * and starting everything anew would only make it slower.
 * @returns the seconds it took. @throws Error with what is missing when the time is over.
 */
export async function waitHealthy(lab: LabHandle, timeoutMs = 300_000): Promise<number> {
  const started = performance.now();
  let good = 0;
  for (;;) {
    const missing = await findMissing(lab);
    good = missing.length === 0 ? good + 1 : 0;
    if (good === 2) return (performance.now() - started) / 1000;
    if (performance.now() - started > timeoutMs)
      throw new Error(`lab '${lab.name}' is not healthy after ${timeoutMs / 1000} s:\n  ${missing.join('\n  ')}`);
    await sleep(good === 1 ? 200 : 700);
  }
}

/** Whether an API server answers ready at its own address. */
export async function isApiServerReady(lab: LabHandle, master: NodePlan): Promise<boolean> {
  const server = `--server=https://${master.address}:${apiServerPort}`;
  const answer = await lab.kubectl([server, 'get', '--raw=/readyz', '--request-timeout=2s'], { timeoutMs: 4000 }).catch(() => '');
  return answer === 'ok';
}

async function checkApiServers(lab: LabHandle): Promise<string[]> {
  const ready = await Promise.all(lab.masters.map((master) => isApiServerReady(lab, master)));
  return lab.masters.filter((_, index) => !ready[index]).map((master) => `the API server of ${master.name} is not ready`);
}

async function read<T>(lab: LabHandle, path: string): Promise<T> {
  return JSON.parse(await lab.kubectl(['get', `--raw=${path}`, '--request-timeout=3s'], { timeoutMs: 5000 })) as T;
}

async function checkObjects(lab: LabHandle): Promise<string[]> {
  const [nodes, pods, leases, endpoints] = await Promise.all([
    read<Items<NodeObject>>(lab, '/api/v1/nodes'),
    read<Items<PodObject>>(lab, '/api/v1/namespaces/kube-system/pods'),
    read<Items<LeaseObject>>(lab, '/apis/coordination.k8s.io/v1/leases'),
    read<EndpointsObject>(lab, '/api/v1/namespaces/default/endpoints/kubernetes'),
  ]);
  const addresses = (endpoints.subsets ?? []).flatMap((subset) => subset.addresses ?? []).map((address) => address.ip);
  const unlisted = lab.masters.filter((master) => !addresses.includes(master.address));
  return [
    ...checkNodes(lab, nodes.items),
    ...checkPods(lab, pods.items),
    ...checkLeases(lab, leases.items),
    ...unlisted.map((master) => `${master.name} is not among the endpoints of the kubernetes service`),
  ];
}

function isTrue(conditions: readonly Condition[] | undefined, type: string): boolean {
  return (conditions ?? []).some((condition) => condition.type === type && condition.status === 'True');
}

function checkNodes(lab: LabHandle, found: readonly NodeObject[]): string[] {
  const wanted = lab.nodes.filter((node) => node.role === 'master' || node.role === 'worker');
  return wanted.flatMap((node) => {
    const object = found.find((item) => item.metadata.name === node.name);
    if (object === undefined) return [`node ${node.name} has not joined`];
    if (!isTrue(object.status.conditions, 'Ready')) return [`node ${node.name} is not Ready`];
    return object.spec.unschedulable === true ? [`node ${node.name} is cordoned`] : [];
  });
}

function checkPods(lab: LabHandle, found: readonly PodObject[]): string[] {
  const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler', ...(lab.plan.etcd === 'stacked' ? ['etcd'] : [])];
  const wanted = lab.masters.flatMap((master) => components.map((component) => `${component}-${master.name}`));
  return wanted
    .filter((name) => !isTrue(found.find((pod) => pod.metadata.name === name)?.status.conditions, 'Ready'))
    .map((name) => `pod ${name} is not Ready`);
}

function checkLeases(lab: LabHandle, found: readonly LeaseObject[]): string[] {
  const limits = new Map<string, number>();
  for (const name of ['kube-controller-manager', 'kube-scheduler']) limits.set(`kube-system/${name}`, 8);
  for (const node of lab.nodes) if (node.role === 'master' || node.role === 'worker') limits.set(`kube-node-lease/${node.name}`, 20);
  return [...limits].flatMap(([key, seconds]) => {
    const lease = found.find((item) => `${item.metadata.namespace}/${item.metadata.name}` === key);
    const age = lease?.spec.renewTime === undefined ? Number.POSITIVE_INFINITY : (Date.now() - Date.parse(lease.spec.renewTime)) / 1000;
    return lease?.spec.holderIdentity && age <= seconds && age > -5 ? [] : [`lease ${key} is not held`];
  });
}

async function checkEtcd(lab: LabHandle): Promise<string[]> {
  const voters = lab.etcdNodes.length;
  const [members, alarms, health] = await Promise.all([
    lab.etcdctl(['member', 'list', '--write-out=json', '--command-timeout=3s']),
    lab.etcdctl(['alarm', 'list', '--command-timeout=3s']),
    lab.etcdctl(['endpoint', 'status', '--write-out=json', '--command-timeout=3s'], { endpoints: lab.etcdNodes.map(etcdClientUrl) }),
  ]);
  const list = (JSON.parse(members) as { readonly members: readonly Member[] }).members;
  const started = list.filter((member) => member.name !== undefined && member.name !== '' && member.isLearner !== true).length;
  const leaders = new Set(
    (JSON.parse(health) as { readonly Status: { readonly leader?: number } }[]).map((entry) => entry.Status.leader ?? 0),
  );
  return [
    ...(started === voters && list.length === voters ? [] : [`etcd has ${started} voters of ${voters} and ${list.length} members`]),
    ...(alarms.trim() === '' ? [] : [`etcd alarm: ${alarms.trim()}`]),
    ...(leaders.size === 1 && !leaders.has(0) ? [] : ['etcd has no agreed leader']),
  ];
}

async function checkBalancer(lab: LabHandle): Promise<string[]> {
  if (lab.plan.loadBalancer === 'none') return [];
  if (lab.plan.loadBalancer === 'nginx') return checkPassedOn(lab);
  if (lab.plan.loadBalancer === 'envoy') return checkEnvoy(lab);
  const page = await lab.operatorExec(['bash', '-c', fetchStatistics], { timeoutMs: 4000 });
  if (!page.stdout.includes('# pxname')) return ['HAProxy gives no statistics'];
  const servers = parseBackendServers(page.stdout);
  const down = servers.filter((server) => server.status !== 'UP');
  const missing = lab.masters.length - servers.length;
  return [
    ...down.map((server) => `HAProxy: ${server.name} is ${server.status} (${server.check})`),
    ...(missing > 0 ? [`HAProxy lacks ${missing} masters`] : []),
  ];
}

async function checkEnvoy(lab: LabHandle): Promise<string[]> {
  const servers = await readEnvoyServers(lab);
  if (servers === undefined) return ["Envoy's admin interface does not answer"];
  const missing = lab.masters.filter((master) => !servers.some((server) => server.address === master.address));
  return [
    ...servers.filter((server) => server.flags.length > 0).map((server) => `Envoy: ${server.address} is ${server.flags.join(', ')}`),
    ...missing.map((master) => `Envoy lacks ${master.name}`),
  ];
}

/** Nginx tells nothing of its servers, so the way through it is tried itself. */
async function checkPassedOn(lab: LabHandle): Promise<string[]> {
  const ready = await lab.operatorExec([join(lab.binaries, 'kubectl'), 'get', '--raw=/readyz', '--request-timeout=2s'], {
    timeoutMs: 4000,
  });
  return ready.stdout === 'ok' ? [] : ['Nginx leads to no API server'];
}
