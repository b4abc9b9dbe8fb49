// Which certificate may etcd be asked with: named by the user, or found on this node?
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { accessSync, constants, readFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { parse } from 'yaml';
import { UsageError } from '../model/errors.ts';
import { certificateContext, certificatesIn, type ClientCertificate } from './contexts.ts';
import { isFields } from './kubeconfig-file.ts';

/** Paths of PEM files, and addresses where they are known. */
export interface EtcdFiles {
  /** host:port each, in whatever spelling they were given; empty when only the certificate is known. */
  readonly endpoints: readonly string[];
  readonly authority?: string;
  /** Which members check one another with, where files on this node tell. */
  readonly peerAuthority?: string;
  readonly certificate?: string;
  readonly key?: string;
  readonly from: 'flag' | 'environment' | 'manifest';
}

/** What flags or etcdctl's environment named; this node's files lend a certificate when neither named one. */
export function findEtcdFiles(named: EtcdFiles | undefined, root = '/'): EtcdFiles | undefined {
  const files = chooseFiles(named, root);
  const peerAuthority = files?.authority === undefined ? undefined : peerAuthorityOf(files.authority, root);
  return files === undefined || peerAuthority === undefined ? files : { ...files, peerAuthority };
}

function chooseFiles(named: EtcdFiles | undefined, root: string): EtcdFiles | undefined {
  if (named?.certificate !== undefined) return named;
  const here = fromNode(root);
  if (named === undefined || here === undefined) return named ?? here;
  return { ...here, ...named, endpoints: named.endpoints.length > 0 ? named.endpoints : here.endpoints };
}

/** Beside the one for clients: k3s and RKE2 keep two (pkg/daemons/control/deps), and a member's own flags name both. */
function peerAuthorityOf(authority: string, root: string): string | undefined {
  const flags = manifestFolders.map((folder) => flagsIn(join(root, folder, 'etcd.yaml')));
  const own = flags.find((one) => join(root, one.get('trusted-ca-file') ?? '') === authority)?.get('peer-trusted-ca-file');
  const beside = basename(authority) === 'server-ca.crt' ? join(dirname(authority), 'peer-ca.crt') : undefined;
  const found = own ? join(root, own) : beside;
  return found !== undefined && isReadable(found) ? found : undefined;
}

/** host:port of a URL or of what is one already. */
function addressOf(text: string): string {
  return text
    .trim()
    .replace(/^[a-z]+:\/\//i, '')
    .replace(/\/.*$/, '');
}

/** Where distributions keep them, relative to the root of the file system; server.crt has client usage too. */
const places: readonly { readonly authority: string; readonly pairs: readonly (readonly [string, string])[] }[] = [
  {
    authority: 'etc/kubernetes/pki/etcd/ca.crt',
    pairs: [
      ['etc/kubernetes/pki/etcd/healthcheck-client.crt', 'etc/kubernetes/pki/etcd/healthcheck-client.key'],
      ['etc/kubernetes/pki/apiserver-etcd-client.crt', 'etc/kubernetes/pki/apiserver-etcd-client.key'],
      ['etc/kubernetes/pki/etcd/server.crt', 'etc/kubernetes/pki/etcd/server.key'],
    ],
  },
  ...['rke2', 'k3s'].map((name) => {
    const folder = `var/lib/rancher/${name}/server/tls/etcd`;
    return {
      authority: `${folder}/server-ca.crt`,
      pairs: [
        [`${folder}/client.crt`, `${folder}/client.key`],
        [`${folder}/server-client.crt`, `${folder}/server-client.key`],
      ] as const,
    };
  }),
];

const manifestFolders = ['etc/kubernetes/manifests', 'var/lib/rancher/rke2/agent/pod-manifests'];

function fromNode(root: string): EtcdFiles | undefined {
  return fromApiServerManifest(root) ?? fromPlaces(root);
}

function fromPlaces(root: string): EtcdFiles | undefined {
  for (const { authority, pairs } of places) {
    for (const [certificate, key] of pairs) {
      const files = { authority: join(root, authority), certificate: join(root, certificate), key: join(root, key) };
      if (Object.values(files).every(isReadable)) return { endpoints: endpointsHere(root), ...files, from: 'manifest' };
    }
  }
  return undefined;
}

/** The API server's own credential, for an etcd that runs elsewhere; with a stacked one the member on this node is known better by its own manifest. */
function fromApiServerManifest(root: string): EtcdFiles | undefined {
  for (const folder of manifestFolders) {
    const flags = flagsIn(join(root, folder, 'kube-apiserver.yaml'));
    const [authority, certificate, key] = ['etcd-cafile', 'etcd-certfile', 'etcd-keyfile'].map((name) => flags.get(name));
    const endpoints = (flags.get('etcd-servers') ?? '').split(',').map(addressOf).filter(Boolean);
    const elsewhere = endpoints.filter((address) => !/^(127\.|localhost|\[::1\])/.test(address));
    if (!authority || !certificate || !key || elsewhere.length === 0) continue;
    const files = { authority: join(root, authority), certificate: join(root, certificate), key: join(root, key) };
    if (Object.values(files).every(isReadable)) return { endpoints: elsewhere, ...files, from: 'manifest' };
  }
  return undefined;
}

function endpointsHere(root: string): readonly string[] {
  for (const folder of manifestFolders) {
    const urls = flagsIn(join(root, folder, 'etcd.yaml')).get('advertise-client-urls');
    if (urls) return urls.split(',').map(addressOf);
  }
  return ['127.0.0.1:2379'];
}

/** Flags of a static pod's only container, without their dashes. */
function flagsIn(file: string): ReadonlyMap<string, string> {
  try {
    const pod: unknown = parse(readFileSync(file, 'utf8'), { logLevel: 'error' });
    const containers =
      isFields(pod) && isFields(pod.spec) && Array.isArray(pod.spec.containers) ? (pod.spec.containers as readonly unknown[]) : [];
    const [container] = containers;
    const words = isFields(container)
      ? [container.command, container.args].flatMap((list) => (Array.isArray(list) ? list.map(String) : []))
      : [];
    const flags = words.map((word) => /^--([\w-]+)=(.*)$/s.exec(word)).filter((match) => match !== null);
    return new Map(flags.map(([, name = '', value = '']) => [name, value]));
  } catch {
    return new Map();
  }
}

function isReadable(path: string): boolean {
  try {
    accessSync(path, constants.R_OK);
    return true;
  } catch {
    return false;
  }
}

export interface EtcdMaterial {
  readonly client: ClientCertificate;
  /** PEM, one certificate each. */
  readonly anchors: readonly string[];
  /** The same of the members among themselves; empty where nothing tells. */
  readonly peerAnchors: readonly string[];
}

/**
 * Reads and checks the files; the key stays in memory. Undefined when no certificate was named.
 * @throws UsageError when a file that the user named is not what it should be.
 */
export function readEtcdMaterial({ authority, peerAuthority, certificate, key }: EtcdFiles): EtcdMaterial | undefined {
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined)
    throw new UsageError(`The etcd ${certificate ? 'certificate' : 'key'} is given without its ${certificate ? 'key' : 'certificate'}.`);
  const client = { certificate: readPem(certificate, 'etcd certificate'), key: readPem(key, 'etcd key') };
  const anchors = authority === undefined ? [] : certificatesIn(readPem(authority, 'etcd CA'));
  try {
    for (const pem of anchors) new X509Certificate(pem);
  } catch {
    throw new UsageError(`The etcd CA ${authority} is not a certificate in PEM.`);
  }
  if (authority !== undefined && anchors.length === 0) throw new UsageError(`The etcd CA ${authority} holds no certificate in PEM.`);
  checkPair(client, certificate, key);
  try {
    certificateContext(client);
  } catch {
    throw new UsageError(`The etcd certificate ${certificate} cannot be used for TLS.`);
  }
  return { client, anchors, peerAnchors: peerAuthority === undefined ? [] : anchorsFound(peerAuthority) };
}

/** Nobody named this file: one that is of no use is passed over. */
function anchorsFound(path: string): readonly string[] {
  try {
    const found = certificatesIn(readFileSync(path, 'utf8'));
    for (const pem of found) new X509Certificate(pem);
    return found;
  } catch {
    return [];
  }
}

function checkPair(client: ClientCertificate, certificate: string, key: string): void {
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(certificatesIn(client.certificate)[0] ?? '');
  } catch {
    throw new UsageError(`The etcd certificate ${certificate} is not a certificate in PEM.`);
  }
  let matches: boolean;
  try {
    matches = leaf.checkPrivateKey(createPrivateKey(client.key));
  } catch {
    throw new UsageError(`The etcd key ${key} is not a private key in PEM that can be used without a password.`);
  }
  if (!matches) throw new UsageError(`The etcd key ${key} does not belong to the certificate ${certificate}.`);
}

function readPem(path: string, what: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : '';
    throw new UsageError(
      `The ${what} ${path} ${code === 'ENOENT' ? 'does not exist' : code === 'EACCES' ? 'may not be read by this user' : 'cannot be read'}.`,
    );
  }
}
