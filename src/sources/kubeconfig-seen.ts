// What may be told about the kubeconfig, once its secrets are left out?
import { X509Certificate } from 'node:crypto';
import { homedir } from 'node:os';
import { isAbsolute, join, relative } from 'node:path';
import type { CredentialSeen, KubeconfigSeen } from '../model/operator.ts';
import type { CertificateSeen } from '../model/network.ts';
import { certificatesIn } from './contexts.ts';
import type { Chosen } from './kubeconfig.ts';
import { isFields, textOf } from './kubeconfig-file.ts';
import type { ChosenUser } from './kubeconfig-user.ts';

export function describeKubeconfig(chosen: Chosen): KubeconfigSeen {
  const { cluster } = chosen;
  return {
    path: shortPath(chosen.path),
    context: chosen.context,
    server: cluster.url.href.replace(/\/$/, ''),
    host: cluster.host,
    port: cluster.port,
    ...(cluster.tlsServerName !== undefined && { tlsServerName: cluster.tlsServerName }),
    proxied: cluster.proxy !== undefined,
    authority: cluster.insecure || cluster.scheme === 'http' ? 'not-checked' : cluster.anchors.length > 0 ? 'given' : 'system',
    credential: describeCredential(chosen.user),
  };
}

/** Below the current folder or the home folder, without naming either: a report is read elsewhere by others. */
function shortPath(path: string): string {
  const near = relative(process.cwd(), path);
  if (!isAbsolute(near) && !near.startsWith('..')) return near;
  const home = relative(homedir(), path);
  return isAbsolute(home) || home.startsWith('..') ? path : join('~', home);
}

/** In the order in which an API server looks at what it is sent: the certificate before the token. */
function describeCredential(user: ChosenUser): CredentialSeen {
  if (user.client)
    return { kind: 'client-certificate', certificate: describe(new X509Certificate(certificatesIn(user.client.certificate)[0] ?? '')) };
  if (user.token !== undefined) return { kind: 'token', ...datesOfToken(user.token) };
  if (user.entry) {
    const { exec, 'auth-provider': provider } = user.entry.fields;
    if (isFields(exec)) return { kind: 'plugin', command: textOf(exec, 'command') ?? '' };
    return { kind: 'plugin', command: `auth-provider ${isFields(provider) ? (textOf(provider, 'name') ?? '') : ''}` };
  }
  // A password is a secret that expires by nobody's clock.
  return user.basic ? { kind: 'token' } : { kind: 'none' };
}

/** `exp` and `iat` of a JSON Web Token (RFC 7519), read without checking anything; milliseconds since 1970. */
export function datesOfToken(token: string): { readonly expiresAt?: number; readonly issuedAt?: number } {
  try {
    const claims: unknown = JSON.parse(Buffer.from(token.split('.')[1] ?? '', 'base64url').toString('utf8'));
    if (!isFields(claims)) return {};
    const { exp, iat } = claims;
    return { ...(typeof exp === 'number' && { expiresAt: exp * 1000 }), ...(typeof iat === 'number' && { issuedAt: iat * 1000 }) };
  } catch {
    return {};
  }
}

function describe(certificate: X509Certificate): CertificateSeen {
  const alternatives = (certificate.subjectAltName ?? '').split(', ');
  const of = (prefix: string): string[] =>
    alternatives.filter((entry) => entry.startsWith(prefix)).map((entry) => entry.slice(prefix.length));
  return {
    sha256: certificate.fingerprint256.replaceAll(':', '').toLowerCase(),
    serial: certificate.serialNumber,
    subject: certificate.subject.split('\n').join(', '),
    issuer: certificate.issuer.split('\n').join(', '),
    notBefore: new Date(certificate.validFrom).toISOString(),
    notAfter: new Date(certificate.validTo).toISOString(),
    names: of('DNS:'),
    addresses: of('IP Address:'),
    isAuthority: certificate.ca,
  };
}
