// How does the lab's load balancer look after the API servers, and what does it think of them now?
import type { LabHandle } from './handle.ts';
import { loadBalancerAddress, loadBalancerPort, statsPort } from './topology.ts';
import type { NodePlan } from './topology.ts';

export const haproxyConfigFile = '/etc/haproxy/haproxy.cfg';
const haproxySocket = '/run/haproxy/admin.sock';

/**
 * haproxy.cfg.
 * @param check `readyz` asks each API server over HTTPS whether it is ready; `tcp` only connects.
 */
export function haproxyConfig(masters: readonly NodePlan[], check: 'readyz' | 'tcp' = 'readyz'): string {
  const readyz = ['  option httpchk GET /readyz', '  http-check expect status 200'];
  const serverCheck = check === 'readyz' ? 'check check-ssl verify none' : 'check';
  const servers = masters.map((master) => `  server ${master.name} ${master.address}:6443`);
  return [
    'global',
    '  log stdout format raw local0',
    `  stats socket ${haproxySocket} mode 660 level admin`,
    '  maxconn 4000',
    '',
    'defaults',
    '  log global',
    '  mode tcp',
    '  option tcplog',
    '  option dontlognull',
    '  timeout connect 5s',
    '  timeout client 1h',
    '  timeout server 1h',
    '  timeout tunnel 1h',
    '',
    'frontend kubernetes-api',
    `  bind :${loadBalancerPort}`,
    '  default_backend masters',
    '',
    'backend masters',
    '  balance roundrobin',
    ...(check === 'readyz' ? readyz : []),
    `  default-server ${serverCheck} inter 2s fall 3 rise 2 on-marked-down shutdown-sessions`,
    ...servers,
    '',
    'frontend stats',
    '  mode http',
    '  option httplog',
    `  bind :${statsPort}`,
    '  stats enable',
    '  stats uri /stats',
    '  stats refresh 10s',
    '',
  ].join('\n');
}

const say = `const [path, line] = process.argv.slice(1);
  require('node:net').connect(path, function () { this.end(line + '\\n'); }).pipe(process.stdout);`;

/** Gives HAProxy a command on its own socket. @throws Error with what it answers, which is nothing when all is well. */
export async function askHaproxy(lab: LabHandle, command: string): Promise<void> {
  const [balancer] = lab.nodes.filter((node) => node.role === 'lb');
  if (balancer === undefined) throw new Error(`lab '${lab.name}' has no load balancer`);
  const outcome = await lab.nodeExec(balancer.name, [process.execPath, '--eval', say, '--', haproxySocket, command], { timeoutMs: 5000 });
  const said = (outcome.stdout + outcome.stderr).trim();
  if (said !== '') throw new Error(`HAProxy: ${said}`);
}

/** A line for bash that prints the statistics page as CSV, after the HTTP headers. */
export const fetchStatistics = `exec 3<>/dev/tcp/${loadBalancerAddress}/${statsPort}; printf 'GET /stats;csv HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3`;

/** One server line of HAProxy's statistics. */
export interface BackendServer {
  readonly name: string;
  /** As HAProxy says it: UP, DOWN, `UP 1/3`, `no check`. */
  readonly status: string;
  /** Why, such as L7STS or L4CON. */
  readonly check: string;
}

/** Reads the servers of the API backend out of HAProxy's CSV; whatever stands before its first line is left out. */
export function parseBackendServers(csv: string): BackendServer[] {
  const [header = '', ...lines] = csv
    .slice(Math.max(csv.indexOf('# pxname'), 0))
    .trim()
    .split('\n');
  const columns = header.replace(/^# /, '').split(',');
  const at = (fields: readonly string[], column: string) => fields[columns.indexOf(column)] ?? '';
  return lines
    .map((line) => line.split(','))
    .filter((fields) => at(fields, 'pxname') === 'masters' && at(fields, 'svname') !== 'BACKEND')
    .map((fields) => ({ name: at(fields, 'svname'), status: at(fields, 'status'), check: at(fields, 'check_status') }));
}
