// How does the operator log in, and to whom may the credential be shown?
import { joinAddress } from '../model/address.ts';
import tls from 'node:tls';
import { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { storedToken } from './auth-provider.ts';
import type { Target } from './connection.ts';
import type { Connections } from './connections.ts';
import { anchoredContext, bareContext, certificateContext, type ClientCertificate, derOf, systemContext } from './contexts.ts';
import { askPlugin } from './credential-plugin.ts';
import type { Chosen } from './kubeconfig.ts';
import { isFields } from './kubeconfig-file.ts';
import type { ChosenUser, Impersonation } from './kubeconfig-user.ts';
import { untilStopped } from './limit.ts';
import { GapError } from './source.ts';
import { notShown, type Verify, verifierFor } from './verify.ts';

export type Headers = Readonly<Record<string, string | readonly string[]>>;

/** Everything needed to send one request as the operator. */
export interface Ready {
  readonly context: tls.SecureContext;
  /** Made when it is needed first: it loads the system's store, and most servers prove themselves without. */
  readonly thorough?: () => tls.SecureContext;
  readonly headers: Headers;
}

/** The operator's identity. The credential is fetched at the first use and shared by all requests after it. */
export class Operator {
  readonly #chosen: Chosen;
  readonly #anchors: readonly X509Certificate[];
  readonly #verify: Verify;
  #ready: Promise<Ready> | undefined;
  readonly #connections: Connections;
  readonly #closed = new AbortController();

  constructor(chosen: Chosen, connections: Connections) {
    this.#chosen = chosen;
    this.#connections = connections;
    this.#anchors = chosen.cluster.anchors.map((pem) => new X509Certificate(pem));
    this.#verify = verifierFor(this.#anchors);
  }

  /** The kubeconfig's own authorities; none where it waives the check. */
  get certificates(): readonly X509Certificate[] {
    return this.#chosen.cluster.insecure ? [] : this.#anchors;
  }

  /** DER in base64. */
  get anchors(): readonly string[] {
    const { cluster } = this.#chosen;
    if (cluster.insecure || cluster.scheme === 'http') return [];
    return (cluster.anchors.length > 0 ? cluster.anchors : tls.rootCertificates).map(derOf);
  }

  /**
   * Asked once; a run is too short for a token to age.
   * @throws GapError when there is a credential, but it cannot be had; Stopped when the signal fires first.
   */
  ready(signal: AbortSignal): Promise<Ready> {
    this.#ready ??= this.#prepare(this.#closed.signal);
    return untilStopped(this.#ready, signal);
  }

  /** Ends a plugin that is still running. */
  close(): void {
    this.#closed.abort();
  }

  async #prepare(signal: AbortSignal): Promise<Ready> {
    const { cluster, user } = this.#chosen;
    const { token, client } = await this.#credential(user, signal);
    const headers: Record<string, string | readonly string[]> = impersonationHeaders(user.impersonation);
    // In the clear nobody can prove who they are, so nothing secret is sent.
    if (cluster.scheme === 'http') return { context: bareContext(), headers };
    if (token !== undefined) headers['Authorization'] = `Bearer ${token}`;
    else if (user.basic) headers['Authorization'] = `Basic ${Buffer.from(`${user.basic.name}:${user.basic.password}`).toString('base64')}`;
    try {
      return { ...contextsFor(cluster, client), headers };
    } catch {
      throw new GapError({
        gap: 'failed',
        detail: 'The client certificate is not usable for TLS.',
        howToGet: 'kubectl auth whoami',
      });
    }
  }

  async #credential(user: ChosenUser, signal: AbortSignal): Promise<{ readonly token?: string; readonly client?: ClientCertificate }> {
    const fixed = { ...(user.token !== undefined && { token: user.token }), ...(user.client && { client: user.client }) };
    if (user.entry === undefined || fixed.token !== undefined) return fixed;
    const { exec, 'auth-provider': provider } = user.entry.fields;
    if (isFields(exec)) return { ...fixed, ...(await askPlugin(user.entry, exec, this.#chosen.cluster, signal)) };
    return isFields(provider) ? { ...fixed, token: storedToken(user.entry, provider) } : fixed;
  }

  /**
   * Where and how to connect as the operator. After the handshake and before any byte of HTTP the server has to prove
   * itself with the kubeconfig's authority, for the address that was dialled or for the name the kubeconfig uses;
   * otherwise the try ends there.
   */
  target(host: string, port: number, ready: Ready, serverName?: string): Target {
    const { cluster } = this.#chosen;
    const name = serverName ?? cluster.tlsServerName ?? cluster.host;
    return {
      scheme: cluster.scheme,
      host,
      port,
      context: ready.context,
      ...(ready.thorough && { thorough: ready.thorough }),
      ...(isIP(name) === 0 && { serverName: name }),
      ...(cluster.proxy && { proxy: cluster.proxy }),
      reuse: { connections: this.#connections, key: `operator ${cluster.scheme} ${name} ${joinAddress(host, port)}` },
      check: (socket) => this.#objection(socket, host, port, ready),
    };
  }

  #objection(socket: tls.TLSSocket, host: string, port: number, ready: Ready): string | undefined {
    const { cluster } = this.#chosen;
    if (cluster.insecure) {
      // The user waived the proof for one address, not for every other one; a certificate gives nothing away.
      const waived = (host === cluster.host && port === cluster.port) || ready.headers['Authorization'] === undefined;
      return waived ? undefined : `The credential was not shown to ${host}:${port}, because nothing proves who that is.`;
    }
    const names = [host, cluster.tlsServerName ?? cluster.host];
    return notShown(host, port, this.#verify(socket, names));
  }
}

/** The system's store is loaded only where it is to decide, or where Node loads it along with the kubeconfig's authorities. */
function contextsFor(cluster: Chosen['cluster'], client: ClientCertificate | undefined): Pick<Ready, 'context' | 'thorough'> {
  if (!cluster.insecure && cluster.anchors.length === 0) return { context: systemContext(client) };
  const context = client === undefined ? bareContext() : certificateContext(client);
  if (cluster.insecure) return { context };
  let anchored: tls.SecureContext | undefined;
  return { context, thorough: () => (anchored ??= anchoredContext(cluster.anchors, client)) };
}

function impersonationHeaders(impersonation: Impersonation | undefined): Record<string, string | readonly string[]> {
  if (impersonation === undefined) return {};
  const { user, uid, groups, extra } = impersonation;
  const extras = Object.entries(extra).map(([key, values]) => [`Impersonate-Extra-${encodeURIComponent(key)}`, values] as const);
  return {
    'Impersonate-User': user,
    ...(uid !== undefined && { 'Impersonate-Uid': uid }),
    ...(groups.length > 0 && { 'Impersonate-Group': groups }),
    ...Object.fromEntries(extras),
  };
}
