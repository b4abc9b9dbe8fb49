// Is what stands in the files of load balancers understood, kept without secrets, and never a reason to crash?
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import config from '../../../../src/probes/lb/config.ts';
import { reduceFile, readFile } from '../../../../src/probes/shared/balancer/recognise.ts';
import { GapError } from '../../../../src/sources/source.ts';
import { surroundings } from '../kit/around.ts';
import { temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const subject = { kind: 'lb' as const, id: 'x', name: 'LB', keys: {} };

/** As the probe does it: recognised, reduced, and the reduced text read. */
function understand(text: string) {
  const { kind, text: kept } = reduceFile(text);
  return readFile(kind, kept);
}

const haproxy = `global
  maxconn 4000
  stats socket /run/haproxy/admin.sock level admin
userlist people
  user root insecure-password geheim
defaults
  mode tcp
  timeout connect 5s
  timeout client 50000 # milliseconds
  timeout server 50s
frontend api
  bind *:8443,10.0.0.10:443
  bind :::8444 v4v6 ssl crt /etc/x.pem
  bind /run/x.sock
  default_backend masters
backend masters
  timeout tunnel 1h30m
  server m1 10.0.0.11:6443 check
  server m2 10.0.0.12:6443 check backup
  server m3 [fd00::13]:6443 check disabled
listen stats
  mode http
  bind 127.0.0.1:8404
  stats auth admin:geheim
`;

describe('haproxy.cfg', () => {
  test('defaults reach the sections after them, a frontend its backend', () => {
    expect(understand(haproxy)).toEqual({
      kind: 'haproxy',
      paths: [
        expect.objectContaining({ name: 'stats', mode: 'http', binds: [{ host: '127.0.0.1', port: 8404, tls: false }], servers: [] }),
        {
          name: 'api -> masters',
          mode: 'tcp',
          binds: [
            { host: '', port: 8443, tls: false },
            { host: '10.0.0.10', port: 443, tls: false },
            { host: '', port: 8444, tls: true },
          ],
          servers: [
            { name: 'm1', address: '10.0.0.11:6443', role: 'active' },
            { name: 'm2', address: '10.0.0.12:6443', role: 'backup' },
            { name: 'm3', address: '[fd00::13]:6443', role: 'disabled' },
          ],
          timeouts: { client: 50_000, server: 50_000, tunnel: 5_400_000, connect: 5000 },
        },
      ],
    });
  });

  test('passwords stay where they are', () => {
    expect(reduceFile(haproxy).text).not.toMatch(/geheim|auth|socket/);
  });
});

test('the output of nginx -T: included files take their place, a stream’s own default is ten minutes', () => {
  const text = `nginx: the configuration file /etc/nginx/nginx.conf syntax is ok
# configuration file /etc/nginx/nginx.conf:
load_module modules/ngx_stream_module.so;
events { worker_connections 768; }
stream { include /etc/nginx/stream.d/*.conf; }
http { server { listen 80; location / { proxy_pass http://shop; } location /nginx_status { stub_status; } } }
# configuration file /etc/nginx/stream.d/api.conf:
upstream masters {
  least_conn; # a comment; with a { in it
  server 10.0.0.11:6443 max_fails=1 fail_timeout=10s;
  server 10.0.0.12:6443 down;
}
server { listen 8443; listen [::]:8443; proxy_pass masters; proxy_timeout 5s; }
server { listen 9443; proxy_pass 10.0.0.11:6443; }
`;
  const seen = understand(text);
  if (seen.kind !== 'nginx') throw new Error(seen.kind);
  expect(seen.paths.map((path) => [path.name, path.mode, path.binds[0]?.port, path.timeouts.client])).toEqual([
    ['masters', 'tcp', 8443, 5000],
    ['10.0.0.11:6443', 'tcp', 9443, 600_000],
    ['shop', 'http', 80, 60_000],
  ]);
  expect(seen.paths[0]?.servers).toEqual([
    { name: '10.0.0.11:6443', address: '10.0.0.11:6443', role: 'active' },
    { name: '10.0.0.12:6443', address: '10.0.0.12:6443', role: 'disabled' },
  ]);
});

const keepalived = `! a comment
global_defs {
  notification_email { root@example.org }
}
vrrp_script chk { script "/bin/sh -c 'test -e /run/ok # not a comment'"
  interval 3
  fall 10
  weight -2 }
vrrp_instance VI_1 {
  state MASTER
  interface eth0
  virtual_router_id 51
  priority 101
  nopreempt
  authentication
  {
    auth_type PASS
    auth_pass "geheim#12345"
  }
  unicast_src_ip 10.0.0.8
  unicast_peer { 10.0.0.9 }
  virtual_ipaddress { 10.0.0.10/24 dev eth0 }
  track_script { chk weight -60 }
}
`;

test('keepalived.conf: braces anywhere, and only eight characters of a password', () => {
  const { text } = reduceFile(keepalived);
  expect(text).not.toMatch(/12345|example/);
  const seen = understand(keepalived);
  expect(seen).toEqual({
    kind: 'keepalived',
    scripts: [{ name: 'chk', script: "/bin/sh -c 'test -e /run/ok # not a comment'", interval: 3, fall: 10, weight: -2 }],
    instances: [
      {
        name: 'VI_1',
        state: 'MASTER',
        device: 'eth0',
        routerId: 51,
        priority: 101,
        advertInterval: 1,
        version: 2,
        authentication: { type: 'PASS', password: 'geheim#1', tooLong: true },
        preempts: false,
        unicastSource: '10.0.0.8',
        unicastPeers: ['10.0.0.9'],
        addresses: ['10.0.0.10'],
        tracks: [{ name: 'chk', weight: -60 }],
      },
    ],
  });
});

test('what a real keepalived 2.2.7 writes about itself', () => {
  const dump = readFileSync(new URL('../recordings/keepalived.data', import.meta.url), 'utf8');
  expect(dump).toContain('Password');
  expect(reduceFile(dump).text).not.toMatch(/Password|geheim/);
  expect(understand(dump)).toEqual({
    kind: 'keepalived-state',
    instances: [
      {
        name: 'VI_1',
        state: 'MASTER',
        addresses: ['10.99.0.10'],
        effectivePriority: 102,
        lastTransition: 1795262735759,
        writtenAt: 1795262739772,
      },
    ],
  });
});

test('ip -o addr, and the manifest of kube-vip without its other variables', () => {
  expect(understand('2: eth0    inet 10.99.0.8/24 scope global eth0\n2: eth0    inet 10.99.0.10/24 scope global secondary eth0\n')).toEqual(
    {
      kind: 'addresses',
      addresses: ['10.99.0.8', '10.99.0.10'],
    },
  );
  const manifest = `kind: Pod
metadata: {name: kube-vip}
spec: {containers: [{name: kube-vip, env: [{name: address, value: 10.0.0.10}, {name: port, value: "6443"}, {name: bgp_peerpass, value: geheim}]}]}`;
  expect(reduceFile(manifest).text).not.toContain('geheim');
  expect(understand(manifest)).toEqual({ kind: 'kube-vip', address: '10.0.0.10', port: 6443 });
});

describe('the probe', () => {
  const look = async (lbConfigs: readonly { node?: string; path: string }[]) => {
    const around = await surroundings({
      settings: { lbConfigs },
      // Nothing of the machine that runs the tests.
      divert: (source) => ({
        file: (path: string) =>
          path.startsWith('/etc') ? Promise.reject(new GapError({ gap: 'absent', detail: 'no', howToGet: '' })) : source.file(path),
      }),
    });
    const { raw } = await config.gather(subject, around);
    return config.read(raw);
  };
  const write = (name: string, text: string): string => {
    writeFileSync(join(folder.path, name), text);
    return join(folder.path, name);
  };

  test('each file with its machine; what is not understood is named', async () => {
    const paths = { good: write('a.cfg', haproxy), odd: write('b.cfg', 'hello'), empty: write('c.cfg', 'frontend x\n bind :1\n') };
    const seen = await look([{ node: 'lb1', path: paths.good }, { node: 'lb2', path: paths.odd }, { path: paths.empty }]);
    expect(seen.files.map((one) => [one.node, one.content.kind])).toEqual([['lb1', 'haproxy']]);
    expect(seen.unreadable.map((one) => [one.node, one.why])).toEqual([
      ['lb2', expect.stringContaining('neither')],
      [paths.empty, expect.stringContaining('no frontend')],
    ]);
  });

  test('no file at all is a gap that names the flag', async () => {
    await expect(look([])).rejects.toMatchObject({ gap: { gap: 'not-collected', howToGet: expect.stringContaining('--lb-config') } });
  });
});

describe('hostile files end in a value or in one sentence, quickly', () => {
  const headers = [
    'frontend x\nbind :1\n',
    'stream {',
    'vrrp_instance a {\n',
    'VRRP Instance = a\n State = ',
    'kind: Pod\n# kube-vip\n',
    '2: e    inet 1.1.1.1/8 ',
  ];
  const attempt = (text: string): void => {
    try {
      understand(text);
    } catch (error) {
      expect((error as Error).message.length).toBeLessThan(200);
      expect((error as Error).constructor).toBe(Error);
    }
  };

  test.each([
    ['blocks without end', '{'.repeat(100_000)],
    ['ends without blocks', '}\n'.repeat(100_000)],
    ['a long line', 'server '.repeat(100_000)],
    ['blank lines', '\n'.repeat(400_000)],
    ['blanks', ' '.repeat(400_000)],
    ['quotes', '"\''.repeat(100_000)],
    ['stars', `include ${'*a'.repeat(5000)};`.repeat(20)],
    ['backslashes', '\\'.repeat(200_000)],
    ['numbers', 'timeout client 999999999999999999999999999d\npriority 1e999\n'],
  ])('%s', (_name, text) => {
    // Our own work, whatever else the machine does meanwhile.
    const began = process.cpuUsage();
    for (const header of headers) attempt(header + text);
    expect(process.cpuUsage(began).user / 1000).toBeLessThan(5000);
  });

  test('anything', () => {
    const words = fc.constantFrom(
      'server',
      'bind',
      '*:1',
      '{',
      '}',
      ';',
      '\n',
      '"',
      'vrrp_instance',
      'authentication',
      'include',
      'x',
      '=',
      '#',
    );
    fc.assert(
      fc.property(fc.constantFrom(...headers), fc.array(words, { maxLength: 60 }), (header, parts) => attempt(header + parts.join(' '))),
      { numRuns: 500 },
    );
  });
});
