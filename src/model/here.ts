// What does a control-plane machine hold that the tool runs on, or whose folder was named?
import type { CertificateSeen } from './network.ts';

/** Certificates of one machine as they lie in its files; private keys only by the digest of their public half. */
export interface FileSet {
  readonly node: string;
  readonly certificates: readonly CertificateFile[];
  /** Absent in evidence of versions that did not look at keys. */
  readonly keys?: readonly KeyFile[];
  readonly kubeconfigs?: readonly KubeconfigFile[];
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
}

export interface CertificateFile {
  readonly path: string;
  /** By the name and folder of the file, such as `etcd-peer`; `ca`, `etcd-ca` and `front-proxy-ca` are authorities. */
  readonly role: string;
  readonly certificate: CertificateSeen;
  /** sha256 of each authority among the same machine's files whose key made its signature. */
  readonly signedBy?: readonly string[];
  /** When the file was last written, milliseconds since 1970, by the machine's own clock. */
  readonly modifiedAt?: number;
}

export interface KeyFile {
  readonly path: string;
  /** sha256 of the public key; absent for a key behind a passphrase. */
  readonly publicKey?: string;
  /** Whether anybody but its owner may read it. */
  readonly open: boolean;
  /** A public key alone, such as sa.pub. */
  readonly isPublic: boolean;
}

/** What a kubeconfig of a component says, without its key. */
export interface KubeconfigFile {
  readonly path: string;
  /** `admin`, `controller-manager`, … */
  readonly role: string;
  readonly server: string;
  readonly authorities: readonly CertificateSeen[];
  /** The certificate it logs in with, where that stands in the file itself. */
  readonly client?: CertificateSeen;
  /** sha256 of the authorities in this file, or beside it, whose key signed that certificate. */
  readonly signedBy: readonly string[];
  /** The file it logs in with instead. */
  readonly clientFile?: string;
  /** Digest of its embedded key's public half. */
  readonly publicKey?: string;
  readonly modifiedAt?: number;
}

export interface LocalFiles extends FileSet {
  readonly manifests: readonly ManifestFile[];
}

export interface LocalDisk {
  readonly node: string;
  readonly folders: readonly FolderSpace[];
}

/** Each is absent where nobody told it. */
export interface LocalTime {
  readonly node: string;
  /** The kernel's own flag, which time services set. */
  readonly kernelSynchronised?: boolean;
  /** Whether systemd is to run a time service. */
  readonly serviceOn?: boolean;
  /** What chronyd says of itself. */
  readonly chronySynchronised?: boolean;
}

/** Room on the file system that holds a folder: bytes, and files where the file system counts them. */
export interface FolderSpace {
  readonly path: string;
  readonly size: number;
  /** What programs of root may still write. */
  readonly free: number;
  readonly files?: number;
  readonly filesFree?: number;
}

export interface ManifestFile {
  readonly path: string;
  readonly component: string;
  readonly command: readonly string[];
  /** `NAME=value` of the variables etcd reads its settings from. */
  readonly environment?: readonly string[];
}
