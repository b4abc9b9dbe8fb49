// How can the world be reached? The one interface behind which all network, process and file access lives.
import type { Gap } from '../model/evidence.ts';
import type { FolderSpace } from '../model/here.ts';
import type { FailureClass } from '../model/network.ts';

/** `timedatectl show` and `chronyc tracking`. */
export type LocalCommand = 'timedatectl' | 'chronyc';

/** Each phase's own limit in milliseconds; a phase that is not reached costs nothing. */
export interface Deadlines {
  readonly connect: number;
  readonly tls: number;
  readonly firstByte: number;
}

/** Measured on a real control plane: docs/ranking.md, Time. */
export const deadlines = {
  usual: { connect: 1000, tls: 1000, firstByte: 1500 },
  /** A health path waits for etcd on the server's side, up to 4 s at its first answer. */
  health: { connect: 1000, tls: 1000, firstByte: 4500 },
  /** A stream into a pod waits for a kubelet behind the API server; beside an etcd with slow peers 1.5 s were too few. */
  stream: { connect: 1000, tls: 1000, firstByte: 3000 },
} as const satisfies Record<string, Deadlines>;

/** Which credential goes along. `etcd` is the etcd client certificate, `operator` the kubeconfig's. */
export type Identity = 'none' | 'operator' | 'etcd';

export interface Request {
  readonly scheme: 'https' | 'http';
  readonly host: string;
  readonly port: number;
  readonly method?: 'GET' | 'POST';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly identity: Identity;
  /** The name for SNI; addresses are sent without one. */
  readonly serverName?: string;
  readonly deadlines: Deadlines;
  readonly signal: AbortSignal;
}

/** What one try left behind, ready to be written as JSON and read again years later. */
export interface RawTry {
  readonly address: string;
  readonly sentAt: number;
  readonly receivedAt: number;
  readonly connected: boolean;
  /** DER of the chain as sent, leaf first, base64. */
  readonly chain: readonly string[];
  readonly answer?: { readonly status: number; readonly headers: Readonly<Record<string, string>>; readonly body: string };
  /** Base64 of a body that is not text, such as a gRPC message. */
  readonly bytes?: string;
  readonly failure?: { readonly why: FailureClass; readonly alert?: number; readonly detail: string };
}

/** What of a file may be kept. */
export interface PublicParts {
  /** In PEM. */
  readonly certificates: readonly string[];
  /** sha256 of each key's public half; without one where a passphrase guards it. */
  readonly keys: readonly { readonly isPublic: boolean; readonly publicKey?: string }[];
  /** Milliseconds since 1970, by this machine's clock. */
  readonly modifiedAt?: number;
  readonly mode?: number;
  readonly kubeconfig?: KubeconfigParts;
}

export interface KubeconfigParts {
  readonly server: string;
  readonly authorities: readonly string[];
  readonly client: readonly string[];
  readonly clientFile?: string;
  readonly publicKey?: string;
}

/** Thrown by sources and probes when it is us who cannot look; the runner turns it into missing evidence. */
export class GapError extends Error {
  readonly gap: Gap;
  constructor(gap: Gap) {
    super(gap.detail);
    this.gap = gap;
  }
}

export interface GrpcOptions {
  readonly deadlines?: Deadlines;
  /** Such as `{ hasleader: 'true' }`. */
  readonly metadata?: Readonly<Record<string, string>>;
}

/** A source knows the ways; which of them are open depends on the credentials it was given. */
export interface Source {
  /**
   * Never rejects for what the network or the server did. With the identity `operator` the server has to prove itself
   * first, by the kubeconfig's authority and for the address dialled or the kubeconfig's own name; one that does not
   * gets no request: a failure `tls` without an alert, with its chain. In `timeout`, `connected` and the chain tell how
   * far it came: no TCP, or TLS but no answer; `hung` is TCP and nothing more.
   * Over https a header `authorization` with the identity `none` is held to the same, by the system's store or the
   * kubeconfig's authority, for the name that was asked for.
   * @throws GapError when the identity asked for is not there, when the signal ended the try before its deadlines did, or
   * when this machine itself ran out of sockets or forbids the connection.
   */
  request(request: Request): Promise<RawTry>;
  /**
   * TCP, then a TLS handshake without any certificate, then close. No failure means open; a server that shows its chain
   * and then demands a certificate is open. Deadlines are the usual ones. @throws GapError as `request` does.
   */
  knock(host: string, port: number, signal: AbortSignal): Promise<RawTry>;
  /**
   * A unary gRPC call over HTTP/2 with the etcd certificate. `method` is a path such as `/etcdserverpb.Maintenance/Status`.
   * The RawTry's `bytes` is the answer's protobuf message without its five-byte frame; the trailers `grpc-status` and
   * `grpc-message` are merged into `answer.headers`. Without options: deadlines.usual and no metadata.
   */
  grpc(host: string, port: number, method: string, message: Uint8Array, signal: AbortSignal, options?: GrpcOptions): Promise<RawTry>;
  /** Every address a name has; an IP address is its own. Empty where it cannot be resolved: a request to it then says why. */
  resolve(host: string, signal: AbortSignal): Promise<readonly string[]>;
  /**
   * An authenticated request to the Kubernetes API over whichever way answers first: the address in the kubeconfig,
   * then masters known by address, each started 400 ms after the one before, or at once when that came to nothing.
   * Answers 401, 403, 429 and 5xx let the others have their say, any other answer is returned as it is.
   * @throws GapError naming what stands in the way: `denied` when the API servers agree in refusing.
   */
  kubernetes(path: string, signal: AbortSignal, post?: string): Promise<RawTry>;
  /** Tells `kubernetes` another address that may answer. */
  addWay(host: string, port: number): void;
  /**
   * GET over a port-forward to a pod of kube-system; a port that refuses or is silent inside the pod is a failure of the
   * RawTry. It is a WebSocket, so the API server checks the verb `get` on pods/portforward, not `create` (seen on 1.34).
   * Bounded by itself: 1.5 s until the forward is open, 1.5 s more for the first byte.
   * @throws GapError when it may not or cannot be opened, through the node whose kubelet does not answer.
   */
  forwarded(pod: string, port: number, path: string, signal: AbortSignal): Promise<RawTry>;
  /**
   * Runs one of etcdctl's read-only commands (endpoint status, health, hashkv; member list; alarm list; version) in a pod
   * of kube-system, flags as `--name=value`; only with --allow-exec. Gives its standard output. @throws GapError
   */
  executed(pod: string, container: string, argv: readonly string[], signal: AbortSignal): Promise<string>;
  /**
   * Anchors a client of that identity would verify servers with, DER in base64: the whole system's store where the
   * kubeconfig names no authority, nothing where it waives the check. `etcd-peer` is a member that checks another one:
   * nothing where no file tells what it does so with.
   */
  anchors(identity: Identity | 'etcd-peer'): readonly string[];
  /** The content of a file on this machine, or no more than so many bytes from its end. @throws GapError */
  file(path: string, lastBytes?: number): Promise<string>;
  /** Full paths of the plain files (symbolic links to files too) right inside a folder, sorted. @throws GapError */
  folder(path: string): Promise<readonly string[]>;
  /** Certificates of a file, and of its keys no more than digests of their public halves: a private key never leaves the source. @throws GapError */
  publicParts(path: string): Promise<PublicParts>;
  /** Full paths of all plain files below a folder, sorted; bounded in depth and number. @throws GapError */
  tree(path: string): Promise<readonly string[]>;
  /** Room on the file system that holds a folder of this machine. @throws GapError */
  space(path: string): Promise<FolderSpace>;
  /** Standard output of a fixed command on this machine that only tells the state of its time service. @throws GapError */
  command(name: LocalCommand, signal: AbortSignal): Promise<string>;
  /** Writes text to a Unix socket and reads until the other side closes, such as HAProxy's `show stat`. @throws GapError */
  socket(path: string, text: string, signal: AbortSignal): Promise<string>;
  close(): void;
}
