// Does a full run only read? Proved by the API servers' audit logs and by etcd's own counters.
import type { Lab } from '../../lab/lab.ts';
import { etcdAccessFlags, lookWith } from './look.ts';

interface AuditEvent {
  readonly stage: string;
  readonly verb: string;
  readonly userAgent?: string;
  readonly requestURI: string;
  readonly objectRef?: { readonly resource?: string; readonly subresource?: string };
}

const auditLog = '/var/log/kubernetes/audit/audit.log';
const reading = ['get', 'list', 'watch'];

/** Methods that change something in etcd; Txn and leases are Kubernetes' own business and go on all the time. */
const changing = [
  'Put',
  'DeleteRange',
  'Compact',
  'Defragment',
  'MemberAdd',
  'MemberRemove',
  'MemberUpdate',
  'MemberPromote',
  'MoveLeader',
  'Downgrade',
  'Alarm',
];

/** One line per thing that was not a read; empty when all is well, and the number of events that were looked at. */
export async function findWrites(lab: Lab): Promise<{ readonly events: number; readonly writes: readonly string[] }> {
  const before = await countersOf(lab);
  const lines = await Promise.all(lab.masters.map((master) => lineCount(lab, master.name)));
  for (const flags of [[], etcdAccessFlags, ['--deep', '--timeout=40s', ...etcdAccessFlags]]) await lookWith(lab, flags);
  const events = (await Promise.all(lab.masters.map((master, index) => eventsAfter(lab, master.name, lines[index] ?? 0)))).flat();
  const ours = events.filter((event) => event.userAgent === 'ha-doctor');
  const writes = ours.filter((event) => !isRead(event)).map((event) => `API: ${event.verb} ${event.requestURI}`);
  const after = await countersOf(lab);
  const grown = changing.filter((method) => (after.get(method) ?? 0) > (before.get(method) ?? 0));
  return { events: ours.length, writes: [...writes, ...grown.map((method) => `etcd: ${method}`)] };
}

function isRead({ verb, objectRef }: AuditEvent): boolean {
  if (reading.includes(verb)) return true;
  const what = [objectRef?.resource, objectRef?.subresource].filter(Boolean).join('/');
  return verb === 'create' && (what.startsWith('self') || what === 'pods/portforward');
}

async function lineCount(lab: Lab, node: string): Promise<number> {
  return Number((await lab.nodeExec(node, ['sh', '-c', `wc -l < ${auditLog}`])).stdout.trim());
}

async function eventsAfter(lab: Lab, node: string, lines: number): Promise<readonly AuditEvent[]> {
  const { stdout } = await lab.nodeExec(node, ['sh', '-c', `tail -n +${lines + 1} ${auditLog}`]);
  return stdout
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as AuditEvent);
}

/** Requests etcd has finished, by gRPC method, over all members. */
async function countersOf(lab: Lab): Promise<ReadonlyMap<string, number>> {
  const totals = new Map<string, number>();
  for (const master of lab.masters) {
    const { stdout } = await lab.nodeExec(master.name, ['curl', '-s', '-m', '5', 'http://127.0.0.1:2381/metrics']);
    if (!stdout.includes('grpc_server_handled_total')) throw new Error(`no counters of etcd on ${master.name}`);
    for (const [, method = '', count = '0'] of stdout.matchAll(/^grpc_server_handled_total\{[^}]*grpc_method="(\w+)"[^}]*\} (\S+)$/gm)) {
      totals.set(method, (totals.get(method) ?? 0) + Number(count));
    }
  }
  return totals;
}
