// Is the line quoted that says why a program ended, in each of the forms the control plane writes?
import { expect, test } from 'vitest';
import { logsOf, quoteLog, tellingLine, tellingLineOf } from '../../../src/judge/readings/container-log.ts';
import { viewOf } from '../../../src/judge/judge.ts';
import type { ContainerLog } from '../../../src/model/kubernetes.ts';
import { healthyWorld, now, type World } from '../../kit/world.ts';

const lines = (...texts: readonly string[]) => texts.map((text, index) => ({ at: now + index, text }));

test.each([
  [
    'a flag nobody knows',
    ['Error: unknown flag: --enable-admision-plugins', 'See ‘kube-apiserver --help’ for usage.'],
    'Error: unknown flag: --enable-admision-plugins',
  ],
  [
    'klog, the command itself failed',
    [
      'W1121 03:12:40.000001       1 logging.go:55] [core] grpc: addrConn.createTransport failed to connect',
      'E1121 03:12:44.123456       1 run.go:72] "command failed" err="open /etc/kubernetes/pki/sa.pub: no such file"',
    ],
    '"command failed" err="open /etc/kubernetes/pki/sa.pub: no such file"',
  ],
  [
    'klog, fatal before what it says while it goes',
    [
      'F1121 03:12:44.123456       1 instance.go:233] Error creating leases: error creating storage factory: context deadline exceeded',
      'E1121 03:12:45.000000       1 writers.go:122] "Unhandled Error"',
    ],
    'Error creating leases: error creating storage factory: context deadline exceeded',
  ],
  [
    'zap, with its error',
    [
      '{"level":"info","ts":"2026-11-21T03:12:43Z","caller":"etcdmain/etcd.go:74","msg":"starting"}',
      '{"level":"fatal","ts":"2026-11-21T03:12:44Z","caller":"etcdmain/etcd.go:204","msg":"discovery failed","error":"member 1 has \\"already\\" been bootstrapped"}',
    ],
    'discovery failed: member 1 has "already" been bootstrapped',
  ],
  [
    'a panic above its stack',
    ['panic: tocommit(12) is out of range [lastIndex(3)]', 'goroutine 1 [running]:', 'main.main()'],
    'panic: tocommit(12) is out of range [lastIndex(3)]',
  ],
  ['a lease that was lost', ['E1121 03:12:44.123456       1 server.go:326] "leaderelection lost"'], '"leaderelection lost"'],
])('%s', (_words, texts, expected) => {
  expect(tellingLine(lines(...texts))).toMatchObject({ text: expected, final: true });
});

test('without last words: the last error, which is not called final; without errors the last line', () => {
  expect(
    tellingLine(
      lines(
        'E1121 03:12:44.1       1 a.go:1] "first"',
        'E1121 03:12:44.2       1 a.go:1] "second"',
        'I1121 03:12:44.3       1 a.go:1] "bye"',
      ),
    ),
  ).toEqual({
    text: '"second"',
    at: now + 1,
    final: false,
  });
  expect(tellingLine(lines('one', 'two'))).toMatchObject({ text: 'two', final: false });
  expect(tellingLine([])).toBeUndefined();
});

test('of who waited in vain, what stood in the way is told with it', () => {
  const way = (why: string) =>
    `W1121 03:12:43.1       1 logging.go:55] [core] [Channel #1 SubChannel #4]grpc: addrConn.createTransport failed to connect to {Addr: "127.0.0.1:2379"}. Err: connection error: desc = "${why}"`;
  const end = 'E1121 03:12:44.1       1 run.go:72] "command failed" err="context deadline exceeded"';
  const expired = 'transport: authentication handshake failed: remote error: tls: expired certificate';
  expect(tellingLine(lines(way('transport: refused'), way(expired), end))?.text).toBe(
    `"command failed" err="context deadline exceeded": ${expired}`,
  );
  expect(tellingLine(lines(way(expired), 'Error: unknown flag: --no'))?.text).toBe('Error: unknown flag: --no');
  expect(tellingLine(lines(end))?.text).toBe('"command failed" err="context deadline exceeded"');
  expect(tellingLine(lines(way('x'.repeat(300)), end))?.text).toHaveLength(220);
});

test('a long line is cut where a screen would be full', () => {
  expect(tellingLine(lines(`Error: ${'x'.repeat(500)}`))?.text).toHaveLength(220);
});

function withLog(world: World, id: 'kube.container-logs' | 'here.container-logs', ...logs: readonly Partial<ContainerLog>[]): World {
  const base = { component: 'kube-apiserver', node: 'm2', pod: 'kube-apiserver-m2', previous: true, lines: [] };
  return world.set(id, undefined, { logs: logs.map((one) => ({ ...base, ...one })) });
}

const see = (world: World) => viewOf(world.evidence, world.topology);

test('of several logs the one that ends with a reason counts, else the newest', () => {
  const world = withLog(healthyWorld(), 'kube.container-logs', { lines: [{ at: now, text: 'still here' }] });
  withLog(world, 'here.container-logs', { lines: [{ at: now - 9000, text: 'Error: no' }] }, { lines: [{ at: now - 5000, text: 'older' }] });
  expect(tellingLineOf(see(world), 'kube-apiserver', 'm2')?.text).toBe('Error: no');
  expect(logsOf(see(world), 'kube-apiserver', 'm2').map((log) => log.lines[0]?.text)).toEqual(['still here', 'older', 'Error: no']);
});

test('another node, another component, a refused log, or no look at all: nothing is quoted', () => {
  const world = withLog(healthyWorld(), 'kube.container-logs', { lines: [{ text: 'Error: no' }] }, { node: 'm3', refused: 'not allowed' });
  expect(quoteLog(see(world), 'kube-apiserver', 'm2')).toEqual({ log: 'Error: no' });
  expect(quoteLog(see(world), 'etcd', 'm2')).toEqual({});
  expect(quoteLog(see(world), 'kube-apiserver', 'm3')).toEqual({});
  expect(quoteLog(see(world.missing('kube.container-logs')), 'kube-apiserver', 'm2')).toEqual({});
});
