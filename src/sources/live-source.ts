// How is each kind of question put to the real cluster and to this machine?
import { joinAddress } from '../model/address.ts';
import { lookup } from 'node:dns/promises';
import net from 'node:net';
import type tls from 'node:tls';
import type { FolderSpace } from '../model/here.ts';
import { anyOf, timeLimit } from './stop-signal.ts';
import { attempt, type Message, provenBodyLimit } from './attempt.ts';
import type { Target } from './connection.ts';
import { Connections } from './connections.ts';
import { bareContext, certificateContext, derOf, systemContext } from './contexts.ts';
import type { EtcdFiles, EtcdMaterial } from './etcd-credentials.ts';
import { askSocket, listFolder, listTree, readEndOfFile, readLocalFile, spaceUnder } from './files.ts';
import { callGrpc } from './grpc.ts';
import { knockAt } from './knock.ts';
import type { Chosen, ConnectionFlags } from './kubeconfig.ts';
import { type Api, askKubernetes } from './kubernetes.ts';
import { Stopped } from './limit.ts';
import { Operator } from './operator.ts';
import {
  deadlines,
  GapError,
  type GrpcOptions,
  type Identity,
  type PublicParts,
  type RawTry,
  type Request,
  type Source,
  type LocalCommand,
} from './source.ts';
import { proofFor } from './verify.ts';
import { Ways } from './ways.ts';

/** What of the user's choices bears on how the world is reached. */
export interface LiveSettings {
  readonly etcd?: EtcdFiles;
  readonly portForward: 'allowed' | 'forbidden';
  readonly exec: 'allowed' | 'forbidden';
}

export class LiveSource implements Source {
  readonly #chosen: Chosen;
  readonly #settings: LiveSettings;
  readonly #etcd: (EtcdMaterial & { readonly context: tls.SecureContext }) | undefined;
  readonly #operator: Operator;
  readonly #api: Api;
  readonly #connections = new Connections();
  readonly #closed = new AbortController();
  /** What is being asked through a port-forward right now: two who want the same share one answer. */
  readonly #forwarding = new Map<string, Promise<RawTry>>();

  constructor(chosen: Chosen, connection: ConnectionFlags, settings: LiveSettings, etcd: EtcdMaterial | undefined) {
    this.#chosen = chosen;
    this.#settings = settings;
    this.#etcd = etcd && { ...etcd, context: certificateContext(etcd.client) };
    this.#operator = new Operator(chosen, this.#connections);
    const { cluster } = chosen;
    this.#api = {
      operator: this.#operator,
      ways: new Ways(cluster.host, cluster.port),
      basePath: cluster.basePath,
      hostHeader: cluster.url.host,
      etcdMayNameMore: etcd !== undefined,
      ...(connection.requestTimeoutMs && { requestTimeoutMs: connection.requestTimeoutMs }),
    };
  }

  async request(request: Request): Promise<RawTry> {
    const signal = this.#bound(request.signal);
    return orGap(request.path, async () => {
      const { target, headers } = await this.#targetFor(request, signal);
      const message: Message = {
        method: request.method ?? 'GET',
        path: request.path,
        headers: { ...headers, ...request.headers },
        ...(request.body !== undefined && { body: request.body }),
      };
      return attempt(target, message, request.deadlines, signal, request.identity === 'operator' ? provenBodyLimit : undefined);
    });
  }

  async #targetFor(
    { scheme, host, port, identity, serverName, headers = {} }: Request,
    signal: AbortSignal,
  ): Promise<{ target: Target; headers: Message['headers'] }> {
    if (identity === 'operator') {
      const ready = await this.#operator.ready(signal);
      const target = this.#operator.target(host, port, ready, serverName);
      if (scheme === 'https') return { target: { ...target, scheme }, headers: ready.headers };
      const { reuse: _encrypted, ...plain } = target;
      return { target: { ...plain, scheme }, headers: {} };
    }
    const carriesSecret = scheme === 'https' && Object.keys(headers).some((name) => name.toLowerCase() === 'authorization');
    const trust =
      identity === 'none' && carriesSecret
        ? { context: systemContext(), check: proofFor(host, port, serverName ?? host, this.#operator.certificates) }
        : { context: identity === 'etcd' ? this.#needEtcd().context : bareContext() };
    return {
      target: {
        scheme,
        host,
        port,
        ...trust,
        ...(serverName !== undefined && { serverName }),
        ...this.#proxyFor(host, port),
        ...(identity === 'etcd' && {
          reuse: { connections: this.#connections, key: `etcd ${serverName ?? ''} ${joinAddress(host, port)}` },
        }),
      },
      headers: {},
    };
  }

  /** A proxy leads to the API and to nothing else. */
  #proxyFor(host: string, port: number): Pick<Target, 'proxy'> {
    const { cluster } = this.#chosen;
    return cluster.proxy && host === cluster.host && port === cluster.port ? { proxy: cluster.proxy } : {};
  }

  #needEtcd(): EtcdMaterial & { readonly context: tls.SecureContext } {
    if (this.#etcd) return this.#etcd;
    throw new GapError({
      gap: 'not-collected',
      detail: 'No client certificate for etcd was given.',
      howToGet: '--etcd-cacert <file> --etcd-cert <file> --etcd-key <file>',
    });
  }

  knock(host: string, port: number, signal: AbortSignal): Promise<RawTry> {
    const target: Target = { scheme: 'https', host, port, context: bareContext(), ...this.#proxyFor(host, port) };
    return orGap(`${host}:${port}`, () => knockAt(target, deadlines.usual, this.#bound(signal)));
  }

  grpc(host: string, port: number, method: string, message: Uint8Array, signal: AbortSignal, options: GrpcOptions = {}): Promise<RawTry> {
    return orGap(method, () => {
      const target: Target = { scheme: 'https', host, port, context: this.#needEtcd().context };
      return callGrpc(target, method, message, options, this.#bound(signal));
    });
  }

  async resolve(host: string, signal: AbortSignal): Promise<readonly string[]> {
    if (net.isIP(host)) return [host];
    const stopped = new Promise<[]>((resolve) => {
      anyOf(signal, this.#closed.signal, timeLimit(deadlines.usual.connect)).addEventListener('abort', () => resolve([]), { once: true });
    });
    const found = lookup(host, { all: true }).then(
      (addresses) => [...new Set(addresses.map((one) => one.address))],
      () => [],
    );
    return Promise.race([found, stopped]);
  }

  kubernetes(path: string, signal: AbortSignal, post?: string): Promise<RawTry> {
    return askKubernetes(this.#api, path, this.#bound(signal), post);
  }

  addWay(host: string, port: number): void {
    this.#api.ways.add(host, port);
  }

  async forwarded(pod: string, port: number, path: string, signal: AbortSignal): Promise<RawTry> {
    if (this.#settings.portForward === 'forbidden') {
      throw new GapError({ gap: 'not-collected', detail: 'Port-forwards are switched off.', howToGet: 'run it without --no-port-forward' });
    }
    const key = `${pod}:${port}${path}`;
    const asked = this.#forwarding.get(key) ?? this.#forward(pod, port, path, signal).finally(() => this.#forwarding.delete(key));
    this.#forwarding.set(key, asked);
    return asked;
  }

  async executed(pod: string, container: string, argv: readonly string[], signal: AbortSignal): Promise<string> {
    if (this.#settings.exec === 'forbidden')
      throw new GapError({ gap: 'not-collected', detail: 'Running commands in pods was not allowed.', howToGet: '--allow-exec' });
    const { runInPod } = await import('./pod-exec.ts');
    return runInPod(this.#api, pod, container, argv, this.#bound(signal));
  }

  anchors(identity: Identity | 'etcd-peer'): readonly string[] {
    if (identity === 'operator') return this.#operator.anchors;
    const found = { none: undefined, etcd: this.#etcd?.anchors, 'etcd-peer': this.#etcd?.peerAnchors }[identity];
    return (found ?? []).map(derOf);
  }

  file(path: string, lastBytes?: number): Promise<string> {
    return lastBytes === undefined ? readLocalFile(path) : readEndOfFile(path, lastBytes);
  }

  folder(path: string): Promise<readonly string[]> {
    return listFolder(path);
  }

  async publicParts(path: string): Promise<PublicParts> {
    const { readPublicParts } = await import('./public-parts.ts');
    return readPublicParts(path);
  }

  tree(path: string): Promise<readonly string[]> {
    return listTree(path);
  }

  space(path: string): Promise<FolderSpace> {
    return spaceUnder(path);
  }

  async command(name: LocalCommand, signal: AbortSignal): Promise<string> {
    const { runLocalCommand } = await import('./local-command.ts');
    return runLocalCommand(name, this.#bound(signal));
  }

  async #forward(pod: string, port: number, path: string, signal: AbortSignal): Promise<RawTry> {
    const { getForwarded } = await import('./port-forward.ts');
    return getForwarded(this.#api, pod, port, path, this.#bound(signal));
  }

  socket(path: string, text: string, signal: AbortSignal): Promise<string> {
    return askSocket(path, text, this.#bound(signal));
  }

  close(): void {
    this.#closed.abort();
    this.#connections.close();
    this.#operator.close();
  }

  #bound(signal: AbortSignal): AbortSignal {
    return anyOf(signal, this.#closed.signal);
  }
}

/** A try that was cut short by our own clock says nothing about the server. */
async function orGap(what: string, work: () => Promise<RawTry>): Promise<RawTry> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof Stopped)) throw error;
    throw new GapError({
      gap: 'timeout',
      detail: `The run stopped waiting for ${what} before the answer was due.`,
      howToGet: '--timeout 60s',
    });
  }
}
