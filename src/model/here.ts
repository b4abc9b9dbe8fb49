// What does a control-plane machine hold that the tool runs on?
import type { CertificateSeen } from './network.ts';

export interface LocalFiles {
  readonly node: string;
  readonly certificates: readonly { readonly path: string; readonly role: string; readonly certificate: CertificateSeen }[];
  readonly manifests: readonly { readonly path: string; readonly component: string; readonly command: readonly string[] }[];
  readonly unreadable: readonly { readonly path: string; readonly why: string }[];
}

export interface LocalDisk {
  readonly node: string;
  readonly folders: readonly FolderSpace[];
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
