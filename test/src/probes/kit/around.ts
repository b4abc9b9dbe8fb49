// What a probe under test has around it: the project's own network code, pointed at servers the test started.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EvidenceId, EvidenceTypes, Gap } from '../../../../src/model/evidence.ts';
import { type Subject, subjectKey } from '../../../../src/model/subject.ts';
import type { Master, Member, Topology } from '../../../../src/model/topology.ts';
import type { Surroundings } from '../../../../src/probes/probe.ts';
import type { Settings } from '../../../../src/probes/settings.ts';
import { openLiveSource } from '../../../../src/sources/live.ts';
import type { RawTry, Source } from '../../../../src/sources/source.ts';
import { type Issued, temporaryFolder } from './authority.ts';

export interface Wanted {
  readonly topology?: Partial<Topology>;
  readonly settings?: Partial<Settings>;
  /** The kubeconfig; without it one that leads nowhere. */
  readonly api?: { readonly server: string; readonly authority?: Issued; readonly client?: Issued };
  readonly etcd?: { readonly authority: Issued; readonly client: Issued };
  /** Evidence id, or evidence id and subject, to its value. */
  readonly values?: Readonly<Record<string, unknown>>;
  readonly gaps?: Readonly<Record<string, Gap>>;
  /** Parts of the live source that this test closes or diverts. */
  readonly divert?: (source: Source) => Partial<Source>;
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

export async function surroundings(wanted: Wanted = {}): Promise<Surroundings> {
  const files = wanted.etcd && {
    endpoints: [],
    authority: wanted.etcd.authority.certificatePath,
    certificate: wanted.etcd.client.certificatePath,
    key: wanted.etcd.client.keyPath,
    from: 'flag' as const,
  };
  const portForward = wanted.settings?.portForward ?? 'allowed';
  const folder = temporaryFolder();
  const kubeconfig = join(folder.path, 'kubeconfig');
  writeFileSync(kubeconfig, JSON.stringify(kubeconfigOf(wanted.api)));
  const opened = await openLiveSource({ kubeconfig }, { ...(files && { etcd: files }), portForward, exec: 'forbidden' }, {});
  folder.remove();
  const { host, port } = opened.kubeconfig;
  const entry = { subject: { kind: 'lb' as const, id: `${host}:${port}`, name: 'LB', keys: { lb: `${host}:${port}` } }, host, port };
  const values: Readonly<Record<string, unknown>> = { 'operator.kubeconfig': opened.kubeconfig, ...wanted.values };
  return {
    given: { 'operator.kubeconfig': opened.kubeconfig },
    source: wanted.divert === undefined ? opened.source : diverted(opened.source, wanted.divert(opened.source)),
    topology: { ...nobody, entry, ...wanted.topology },
    settings: {
      masters: [],
      portForward,
      exec: 'forbidden',
      lbConnections: 12,
      deep: false,
      ...(files && { etcd: files }),
      ...wanted.settings,
    },
    value: <Id extends EvidenceId>(id: Id, subject?: Subject) =>
      (values[subject === undefined ? id : `${id} ${subjectKey(subject)}`] ?? values[id]) as EvidenceTypes[Id] | undefined,
    gap: (id) => wanted.gaps?.[id],
    signal: AbortSignal.timeout(15_000),
  };
}

function diverted(source: Source, parts: Partial<Source>): Source {
  return new Proxy(source, {
    get: (target, name) => {
      const own: unknown = Reflect.get(parts, name) ?? Reflect.get(target, name);
      return typeof own === 'function' ? own.bind(target) : own;
    },
  });
}

function kubeconfigOf(api: Wanted['api']): unknown {
  const base64 = (text: string): string => Buffer.from(text).toString('base64');
  const cluster = {
    server: api?.server ?? 'https://127.0.0.1:1',
    ...(api?.authority && { 'certificate-authority-data': base64(api.authority.certificate) }),
  };
  const user = api?.client && { 'client-certificate-data': base64(api.client.certificate), 'client-key-data': base64(api.client.key) };
  return {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    clusters: [{ name: 'test', cluster }],
    users: [{ name: 'test', user: user ?? {} }],
  };
}

export function masterAt(host: string, port: number): Master {
  const id = `${host}:${port}`;
  return {
    subject: { kind: 'apiserver', id, name: id, keys: { apiserver: id } },
    host,
    port,
    origin: 'flag',
    doors: [{ host, port, origin: 'flag' }],
  };
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
