// Are a pod's ports and commands reached through the API server, and are the three kinds of silence told apart?
// The other side plays back what an API server 1.34 and its kubelets were seen to send; the real ones are asked in the lab.
import { createHash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import https from 'node:https';
import { join } from 'node:path';
import type { Duplex } from 'node:stream';
import { afterEach, beforeAll, describe, expect, test } from 'vitest';
import { openLiveSource } from '../../../src/sources/live.ts';
import { isReadOnly } from '../../../src/sources/pod-exec.ts';
import { GapError, type Source } from '../../../src/sources/source.ts';
import { kubeconfigText, scratch, serverFrame } from './kit/api.ts';
import { refusedPort, serve } from './kit/patients.ts';
import { type Pair, rsaAuthority, rsaCertificate } from './kit/pki.ts';

const never = new AbortController().signal;
const clean: (() => unknown)[] = [];
let authority: Pair;
let own: Pair;

beforeAll(() => {
  authority = rsaAuthority('kubernetes');
  own = rsaCertificate({ name: 'apiserver', hosts: ['127.0.0.1'] }, authority);
});
afterEach(async () => {
  await Promise.all(clean.splice(0).map((undo) => undo()));
});

interface Pod {
  readonly send: (stream: number, text: string | Buffer) => void;
  readonly socket: Duplex;
}

type Habit = (request: IncomingMessage, socket: Duplex, accept: () => Pod) => void;

async function open(
  habit: Habit,
  onText: (pod: Pod, text: string) => void = () => {},
  settings: object = {},
): Promise<Source & { readonly urls: readonly string[] }> {
  const urls: string[] = [];
  const server = https.createServer({ cert: own.certificate, key: own.key });
  server.on('upgrade', (request, socket) => {
    urls.push(request.url ?? '');
    socket.on('error', () => {});
    habit(request, socket, () => {
      const accept = createHash('sha1')
        .update(`${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\nSec-WebSocket-Protocol: v4.channel.k8s.io\r\n\r\n`,
      );
      const pod: Pod = {
        socket,
        send: (stream, text) => socket.write(serverFrame(Buffer.concat([Buffer.from([stream]), Buffer.from(text)]))),
      };
      socket.on('data', (chunk: Buffer) => onText(pod, unmask(chunk)));
      return pod;
    });
  });
  const patient = await serve(server);
  const { folder, remove } = scratch({
    config: kubeconfigText({ server: `https://127.0.0.1:${patient.port}`, authority: authority.certificate, user: { token: 't0ken' } }),
  });
  const { source } = await openLiveSource(
    { kubeconfig: join(folder, 'config') },
    { portForward: 'allowed', exec: 'allowed', ...settings },
    {},
  );
  clean.push(
    () => source.close(),
    () => patient.close(),
    remove,
  );
  return Object.assign(source, { urls });
}

function unmask(frame: Buffer): string {
  const start = (frame[1] ?? 0) - 0x80 < 126 ? 2 : 4;
  const mask = frame.subarray(start, start + 4);
  return frame
    .subarray(start + 5)
    .map((byte, index) => byte ^ (mask[(index + 1) % 4] ?? 0))
    .toString();
}

const portBytes = (port: number): Buffer => Buffer.from([port & 255, port >> 8]);

/** The kubelet begins both streams with the port's number. */
const forwarding: Habit = (_request, _socket, accept) => {
  const pod = accept();
  pod.send(0, portBytes(2381));
  pod.send(1, portBytes(2381));
};

const refusing =
  (code: number, message: string): Habit =>
  (_request, socket) => {
    const body = JSON.stringify({ kind: 'Status', message, code });
    socket.end(
      `HTTP/1.1 ${code} X\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
    );
  };

async function gapOf(work: Promise<unknown>): Promise<GapError['gap']> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof GapError)) throw new Error(`expected a gap, got ${String(error)}`);
  return error.gap;
}

describe('a forwarded port', () => {
  test('answers, in whatever pieces the answer comes', async () => {
    const body = 'etcd_server_has_leader 1\n'.repeat(2000);
    const source = await open(forwarding, (pod, text) => {
      const answer = `HTTP/1.1 200 OK\r\nContent-Length: ${body.length}\r\nDate: Sat, 21 Nov 2026 08:00:00 GMT\r\n\r\n${body}`;
      if (text.startsWith('GET /metrics')) for (let at = 0; at < answer.length; at += 7000) pod.send(0, answer.slice(at, at + 7000));
    });
    const tried = await source.forwarded('etcd-m2', 2381, '/metrics', never);
    expect(tried).toMatchObject({ address: 'etcd-m2:2381', connected: true, answer: { status: 200, body } });
    expect(source.urls).toEqual(['/api/v1/namespaces/kube-system/pods/etcd-m2/portforward?ports=2381']);
  });

  test('serves two who ask the same at the same time, and nobody later', async () => {
    const source = await open(forwarding, (pod, text) => {
      if (text.includes('GET /health')) pod.send(0, `HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok`);
    });
    const ask = (pod: string) => source.forwarded(pod, 2381, '/health', never);
    const [one, same, other] = await Promise.all([ask('etcd-m2'), ask('etcd-m2'), ask('etcd-m3')]);
    expect(same).toBe(one);
    expect(other?.address).toBe('etcd-m3:2381');
    expect(source.urls).toHaveLength(2);
    await ask('etcd-m2');
    expect(source.urls).toHaveLength(3);
  });

  test('that refuses or stays silent in the pod is the patient’s silence', async () => {
    const complaint =
      'error forwarding port 2381 to pod x, uid : failed to execute portforward in network namespace "host": failed to connect to localhost:2381 inside namespace "host", IPv4: dial tcp4 127.0.0.1:2381: connect: connection refused IPv6 dial tcp6: address localhost: no suitable address found ';
    const refused = await open(
      (...all) => forwarding(...all),
      (pod) => pod.send(1, complaint),
    );
    expect(await refused.forwarded('etcd-m2', 2381, '/health', never)).toMatchObject({ connected: false, failure: { why: 'refused' } });
    const silent = await open(forwarding);
    expect(await silent.forwarded('etcd-m2', 2381, '/health', never)).toMatchObject({ connected: true, failure: { why: 'hung' } });
  });

  test.each([
    [
      'a dead kubelet',
      500,
      'error dialing backend: dial tcp 10.89.0.12:10250: connect: connection refused',
      { gap: 'failed', through: 'node/m2' },
    ],
    ['no such pod', 404, 'pods "etcd-m2" not found', { gap: 'absent' }],
    [
      'no permission',
      403,
      'pods "etcd-m2" is forbidden: User "v" cannot get resource "pods/portforward"',
      { gap: 'denied', detail: expect.stringContaining('pods/portforward') },
    ],
  ])('%s is a gap', async (_name, code, message, gap) => {
    expect(await gapOf((await open(refusing(code, message))).forwarded('etcd-m2', 2381, '/health', never))).toMatchObject(gap);
  });

  test('a kubelet that never answers is a gap through its node', async () => {
    const gap = await gapOf((await open(() => {})).forwarded('etcd-m2', 2381, '/health', never));
    expect(gap).toMatchObject({ gap: 'timeout', through: 'node/m2' });
    const stopped = await gapOf((await open(() => {})).forwarded('etcd-m2', 2381, '/health', AbortSignal.timeout(600)));
    expect(stopped).toMatchObject({ gap: 'timeout', through: 'node/m2' });
  });

  test('may be forbidden', async () => {
    const source = await open(forwarding, () => {}, { portForward: 'forbidden' });
    expect((await gapOf(source.forwarded('etcd-m2', 2381, '/health', never))).gap).toBe('not-collected');
    expect(source.urls).toEqual([]);
  });

  test('an unreachable API is a gap through its address', async () => {
    const { folder, remove } = scratch({
      config: kubeconfigText({ server: `https://127.0.0.1:${await refusedPort()}`, authority: authority.certificate }),
    });
    const { source } = await openLiveSource({ kubeconfig: join(folder, 'config') }, { portForward: 'allowed', exec: 'allowed' }, {});
    expect(await gapOf(source.forwarded('etcd-m2', 2381, '/health', never))).toMatchObject({
      gap: 'failed',
      through: expect.stringMatching(/^lb\//),
    });
    remove();
  });
});

describe('a command in a pod', () => {
  const running =
    (...streams: readonly (readonly [number, string])[]): Habit =>
    (_request, _socket, accept) => {
      const pod = accept();
      for (const [stream, text] of streams) pod.send(stream, text);
    };
  const argv = ['etcdctl', 'member', 'list'];

  test('gives its output, or says how it failed', async () => {
    const good = await open(running([1, 'a, started\n'], [3, '{"metadata":{},"status":"Success"}']));
    expect(await good.executed('etcd-m1', 'etcd', argv, never)).toBe('a, started\n');
    expect(good.urls).toEqual([
      '/api/v1/namespaces/kube-system/pods/etcd-m1/exec?container=etcd&stdout=true&stderr=true&command=etcdctl&command=member&command=list',
    ]);
    const bad = await open(running([2, 'Error: context deadline exceeded\n'], [3, '{"status":"Failure","message":"exit code 1"}']));
    expect((await gapOf(bad.executed('etcd-m1', 'etcd', argv, never))).detail).toBe(
      'The command in etcd-m1 failed: Error: context deadline exceeded.',
    );
  });

  test('must be allowed, and must only read', async () => {
    const source = await open(running([1, ''], [3, '{"status":"Success"}']));
    expect((await gapOf(source.executed('etcd-m1', 'etcd', ['etcdctl', 'member', 'remove', 'x'], never))).gap).toBe('denied');
    expect(source.urls).toEqual([]);
    const forbidden = await open(running(), () => {}, { exec: 'forbidden' });
    expect((await gapOf(forbidden.executed('etcd-m1', 'etcd', argv, never))).howToGet).toBe('--allow-exec');
    for (const bad of [
      ['sh', '-c', 'etcdctl version'],
      ['etcdctl', 'del', 'a'],
      ['etcdctl', 'alarm', 'disarm'],
      ['etcdctl', '--cert', 'member', 'list'],
      ['etcdctl', 'member', 'list', 'x'],
      ['etcdctl', 'snapshot', 'save', '/x'],
      [],
    ]) {
      expect(isReadOnly(bad)).toBe(false);
    }
    for (const fine of [
      ['etcdctl', '--cert=/a', 'endpoint', 'status', '--cluster', '--write-out=json'],
      ['etcdctl', 'version'],
    ])
      expect(isReadOnly(fine)).toBe(true);
  });
});
