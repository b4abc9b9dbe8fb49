// Are Nginx's counters and Envoy's hosts read from what those programs answer?
import { afterAll, describe, expect, test } from 'vitest';
import envoy from '../../../../src/probes/lb/envoy.ts';
import nginx from '../../../../src/probes/lb/nginx.ts';
import strangers from '../../../../src/probes/lb/strangers.ts';
import { ill, type Patient, refusedPort, saying } from '../../sources/kit/patients.ts';
import { masterAt, surroundings } from '../kit/around.ts';

const subject = { kind: 'lb' as const, id: 'x', name: 'LB', keys: {} };
const patients: Patient[] = [];
afterAll(async () => {
  await Promise.all(patients.map((one) => one.close()));
});

async function answering(body: string): Promise<string> {
  const patient = await saying(`HTTP/1.1 200 OK\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`);
  patients.push(patient);
  return `http://127.0.0.1:${patient.port}`;
}

test('stub_status', async () => {
  const page =
    'Active connections: 291 \nserver accepts handled requests\n 16630948 16630940 31070465 \nReading: 6 Writing: 179 Waiting: 106 \n';
  const { raw } = await nginx.gather(subject, await surroundings({ settings: { nginxStatus: `${await answering(page)}/nginx_status` } }));
  expect(nginx.read(raw)).toEqual({ active: 291, accepted: 16_630_948, handled: 16_630_940, requests: 31_070_465 });
});

describe('Envoy', () => {
  const host = (address: string, health: object) => ({
    address: { socket_address: { address, port_value: 6443 } },
    stats: [{ name: 'cx_total', value: '12' }, { name: 'cx_active' }],
    health_status: health,
  });
  const list = JSON.stringify({
    cluster_statuses: [
      { name: 'admin' },
      {
        name: 'masters',
        host_statuses: [
          host('10.0.0.11', { eds_health_status: 'HEALTHY' }),
          host('10.0.0.12', { failed_active_health_check: true, eds_health_status: 'HEALTHY' }),
          host('fd00::13', { eds_health_status: 'DRAINING' }),
        ],
        circuit_breakers: { thresholds: [{ max_connections: 1024 }, { priority: 'HIGH', max_connections: 9 }] },
      },
    ],
  });
  const look = async (dump: string | undefined) => {
    const patient = await ill((socket) =>
      socket.once('data', (asked: Buffer) => {
        const body = asked.toString().includes('/config_dump') ? dump : list;
        const status = body === undefined ? '404 Not Found' : '200 OK';
        socket.end(`HTTP/1.1 ${status}\r\nContent-Length: ${Buffer.byteLength(body ?? '')}\r\nConnection: close\r\n\r\n${body ?? ''}`);
      }),
    );
    patients.push(patient);
    return envoy.gather(subject, await surroundings({ settings: { envoyAdmin: `http://127.0.0.1:${patient.port}` } }));
  };

  test('says what speaks against a host only where something does', async () => {
    const { raw } = await look('{}');
    const common = { cluster: 'masters', connections: 12, active: 0 };
    expect(envoy.read(raw)).toEqual({
      hosts: [
        { ...common, address: '10.0.0.11:6443', healthy: true, trouble: [] },
        { ...common, address: '10.0.0.12:6443', healthy: false, trouble: ['failed_active_health_check'] },
        { ...common, address: '[fd00::13]:6443', healthy: false, trouble: ['eds DRAINING'] },
      ],
      clusters: [{ name: 'admin' }, { name: 'masters', connectionLimit: 1024 }],
    });
  });

  test('of its settings only the threshold and the kinds of its checks are kept, for headers may hold a login', async () => {
    const check = { http_health_check: { path: '/readyz', request_headers_to_add: [{ header: { value: 'Bearer secret' } }] } };
    const dumped = (cluster: object) => JSON.stringify({ configs: [{ cluster: { name: 'masters', ...cluster } }] });
    const { raw } = await look(dumped({ health_checks: [check, { tcp_health_check: {} }, { grpc_health_check: {} }] }));
    expect(raw).not.toContain('secret');
    expect(envoy.read(raw).clusters[1]).toMatchObject({ panicBelow: 50, checks: ['http', 'tcp', 'other'] });
    const off = await look(dumped({ common_lb_config: { healthy_panic_threshold: {} } }));
    expect(envoy.read(off.raw).clusters[1]).toMatchObject({ panicBelow: 0, checks: [] });
  });

  test('a configuration that is not shown leaves its settings open', async () => {
    for (const dump of [undefined, 'forbidden']) {
      const { raw } = await look(dump);
      expect(envoy.read(raw).clusters[1]).toEqual({ name: 'masters', connectionLimit: 1024 });
    }
  });
});

test('pages nobody named, or that do not come, are gaps with their flag', async () => {
  const dead = `http://127.0.0.1:${await refusedPort()}`;
  const gapOf = async (probe: typeof nginx | typeof envoy, settings: object) =>
    probe.gather(subject, await surroundings({ settings })).catch((error: unknown) => (error as { gap: unknown }).gap);
  expect(await gapOf(nginx, {})).toMatchObject({ gap: 'not-collected', howToGet: expect.stringContaining('--nginx-status') });
  expect(await gapOf(envoy, {})).toMatchObject({ gap: 'not-collected', howToGet: expect.stringContaining('--envoy-admin') });
  expect(await gapOf(nginx, { nginxStatus: dead })).toMatchObject({ gap: 'failed' });
  expect(await gapOf(envoy, { envoyAdmin: dead })).toMatchObject({ gap: 'failed' });
});

test('only servers beside a master are asked: the shop behind the same balancer is nobody’s business', async () => {
  const dead = await refusedPort();
  const row = (proxy: string, address: string) => ({ proxy, server: 's', type: 'server', address });
  const rows = [row('api', '127.0.0.1:1'), row('api', `127.0.0.1:${dead}`), row('shop', '192.0.2.1:80')];
  const around = await surroundings({ topology: { masters: [masterAt('127.0.0.1', 1)] }, values: { 'lb.stats': { rows } } });
  const { raw } = await strangers.gather(subject, around);
  expect(strangers.read(raw).strangers).toMatchObject([
    { address: `127.0.0.1:${dead}`, last: { outcome: { kind: 'failed', why: 'refused' } } },
  ]);
  await expect(strangers.gather(subject, await surroundings())).rejects.toMatchObject({ gap: { gap: 'absent' } });
});
