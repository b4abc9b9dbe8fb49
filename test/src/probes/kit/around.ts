// What a probe under test has around it: the project's own network code, pointed at servers the test started.
import { readFileSync } from 'node:fs';
import net from 'node:net';
import type { EvidenceId, EvidenceTypes, Gap } from '../../../../src/model/evidence.ts';
import { type Subject, subjectKey } from '../../../../src/model/subject.ts';
import type { Master, Member, Topology } from '../../../../src/model/topology.ts';
import type { Surroundings } from '../../../../src/probes/probe.ts';
import type { Settings } from '../../../../src/probes/settings.ts';
import { attempt } from '../../../../src/sources/attempt.ts';
import { bareContext, certificateContext } from '../../../../src/sources/contexts.ts';
import { callGrpc } from '../../../../src/sources/grpc.ts';
import { knockAt } from '../../../../src/sources/knock.ts';
import { deadlines, GapError, type RawTry, type Source } from '../../../../src/sources/source.ts';

export interface Pair {
  readonly certificatePath: string;
  readonly keyPath: string;
}

export interface Wanted {
  readonly topology?: Partial<Topology>;
  readonly settings?: Partial<Settings>;
  readonly etcd?: Pair;
  readonly operator?: Pair;
  readonly anchors?: readonly string[];
  /** Evidence id, or evidence id and subject, to its value. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly gaps?: Readonly<Record<string, Gap>>;
  readonly source?: Partial<Source>;
}

const nobody: Topology = {
  platform: { kind: 'kubeadm', detail: '' },
  etcd: 'stacked',
  entryIsMaster: false,
  masters: [],
  candidates: [],
  mastersComplete: true,
  members: [],
  membersComplete: true,
  machines: [],
};

export function surroundings(wanted: Wanted = {}): Surroundings {
  const source: Source = { ...directSource(wanted), ...wanted.source };
  const value = <Id extends EvidenceId>(id: Id, subject?: Subject) =>
    (wanted.values?.[subject === undefined ? id : `${id} ${subjectKey(subject)}`] ?? wanted.values?.[id]) as EvidenceTypes[Id] | undefined;
  return {
    given: {},
    source,
    topology: { ...nobody, ...wanted.topology },
    settings: { masters: [], portForward: 'allowed', exec: 'forbidden', lbConnections: 12, deep: false, ...wanted.settings },
    value,
    gap: (id) => wanted.gaps?.[id],
    signal: AbortSignal.timeout(15_000),
  };
}

function directSource(wanted: Wanted): Source {
  const contextOf = (pair: Pair | undefined) => {
    if (pair === undefined) return bareContext();
    return certificateContext({ certificate: readFileSync(pair.certificatePath, 'utf8'), key: readFileSync(pair.keyPath, 'utf8') });
  };
  const contexts = { none: bareContext(), operator: contextOf(wanted.operator), etcd: contextOf(wanted.etcd) };
  const closed = (): Promise<never> =>
    Promise.reject(new GapError({ gap: 'failed', detail: 'this way is closed in the test', howToGet: '' }));
  return {
    request: (asked) => {
      const target = { ...asked, context: contexts[asked.identity] };
      const message = {
        method: asked.method ?? 'GET',
        path: asked.path,
        headers: asked.headers ?? {},
        ...(asked.body === undefined ? {} : { body: asked.body }),
      };
      return attempt(target, message, asked.deadlines, asked.signal);
    },
    knock: (host, port, signal) => knockAt({ scheme: 'https', host, port, context: bareContext() }, deadlines.usual, signal),
    grpc: (host, port, method, message, signal) =>
      callGrpc({ scheme: 'https', host, port, context: contexts.etcd }, method, message, deadlines.usual, signal),
    resolve: (host) => Promise.resolve([host]),
    kubernetes: closed,
    addWay: () => {},
    forwarded: closed,
    executed: closed,
    anchors: () => wanted.anchors ?? [],
    file: (path) => Promise.resolve(readFileSync(path, 'utf8')),
    folder: closed,
    socket: (path, text) => talk(path, text),
    close: () => {},
  };
}

function talk(path: string, text: string): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = '';
    const socket = net.connect(path, () => socket.write(text));
    socket
      .on('data', (chunk) => (answer += chunk.toString()))
      .on('error', reject)
      .on('end', () => resolve(answer));
  });
}

export function masterAt(host: string, port: number): Master {
  const id = `${host}:${port}`;
  return { subject: { kind: 'apiserver', id, name: id, keys: { apiserver: id } }, host, port, origin: 'flag' };
}

export function memberAt(host: string, clientPort: number, peerPort: number, pod?: string): Member {
  const id = `${host}:${clientPort}`;
  const subject: Subject = { kind: 'member', id, name: id, keys: { member: id } };
  return { subject, host, clientPort, peerPort, origin: 'flag', learner: false, started: true, ...(pod === undefined ? {} : { pod }) };
}

/** An answer as recorded. */
export function answerOf(body: string, status = 200, headers: Readonly<Record<string, string>> = {}): RawTry {
  return { address: '10.0.0.1:1', sentAt: 1000, receivedAt: 1010, connected: true, chain: [], answer: { status, headers, body } };
}

export function failureTry(why: NonNullable<RawTry['failure']>['why'], detail = 'the reason'): RawTry {
  return { address: '10.0.0.1:1', sentAt: 1000, receivedAt: 1010, connected: false, chain: [], failure: { why, detail } };
}

/** Raw bytes of a probe from answers. */
export function rawOf(...tries: readonly RawTry[]): string {
  return JSON.stringify({ tries });
}
