// Where does a kubeconfig's cluster lead, and what proves that a server belongs to it?
import { UsageError } from '../model/errors.ts';
import { certificatesIn } from './contexts.ts';
import { type Entry, parseCertificate, pemOf, textOf } from './kubeconfig-file.ts';
import type { ConnectionFlags } from './kubeconfig.ts';
import { parseProxy, type ProxyServer, proxyFromEnvironment } from './proxy.ts';

export interface ChosenCluster {
  readonly url: URL;
  readonly host: string;
  readonly port: number;
  readonly scheme: 'https' | 'http';
  /** Path before /api, without a final slash; mostly empty. */
  readonly basePath: string;
  readonly tlsServerName?: string;
  /** PEM, one certificate each; empty means the system's store. */
  readonly anchors: readonly string[];
  readonly insecure: boolean;
  readonly proxy?: ProxyServer;
}

/** @throws UsageError */
export function readCluster(entry: Entry, connection: ConnectionFlags, env: NodeJS.ProcessEnv): ChosenCluster {
  const { fields } = entry;
  const server = connection.server ?? textOf(fields, 'server');
  if (server === undefined) throw new UsageError(`The cluster "${entry.name}" in ${entry.file} has no server.`);
  const insecure = fields['insecure-skip-tls-verify'] === true;
  const authority = pemOf(entry, 'certificate-authority');
  const anchors = authority === undefined ? [] : certificatesIn(authority);
  for (const pem of anchors) parseCertificate(pem, entry, 'certificate-authority');
  if (authority !== undefined && anchors.length === 0)
    throw new UsageError(`certificate-authority of "${entry.name}" in ${entry.file} holds no certificate.`);
  // A server given by flag is another address: the name in the file belongs to the one it replaces.
  const tlsServerName = connection.server ? undefined : textOf(fields, 'tls-server-name');
  const where = readServer(server, anchors.length > 0 || insecure);
  const proxy = readProxy(entry, where, env);
  return { ...where, anchors, insecure, ...(tlsServerName !== undefined && { tlsServerName }), ...(proxy && { proxy }) };
}

type Where = Pick<ChosenCluster, 'url' | 'host' | 'port' | 'scheme' | 'basePath'>;

function readServer(server: string, secure: boolean): Where {
  let url: URL;
  try {
    url = new URL(/^[a-z]+:\/\//i.test(server) ? server : `${secure ? 'https' : 'http'}://${server}`);
  } catch {
    throw new UsageError(`The server address "${withoutPassword(server)}" is not a URL.`);
  }
  if (url.protocol !== 'https:' && url.protocol !== 'http:')
    throw new UsageError(`The server address "${withoutPassword(server)}" is neither http nor https.`);
  // A password in the address is no way to log in to Kubernetes, and must not be shown to anybody.
  url.username = '';
  url.password = '';
  const scheme = url.protocol === 'https:' ? 'https' : 'http';
  const port = url.port ? Number(url.port) : scheme === 'https' ? 443 : 80;
  return { url, host: url.hostname.replace(/^\[|\]$/g, ''), port, scheme, basePath: url.pathname.replace(/\/+$/, '') };
}

/** For an address that cannot be taken apart as a URL. */
function withoutPassword(server: string): string {
  return server.replace(/^([a-z]+:\/\/)?.*@/is, '$1');
}

function readProxy(entry: Entry, where: Where, env: NodeJS.ProcessEnv): ProxyServer | undefined {
  const text = textOf(entry.fields, 'proxy-url');
  try {
    if (text !== undefined) return parseProxy(text);
    return where.scheme === 'https' ? proxyFromEnvironment(where.host, env) : undefined;
  } catch (error) {
    const place = text === undefined ? '$HTTPS_PROXY' : `proxy-url of "${entry.name}" in ${entry.file}`;
    throw new UsageError(`${place}: ${error instanceof Error ? error.message : 'not usable'}.`);
  }
}
