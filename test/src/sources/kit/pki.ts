// Which certificates do the tests show? Made afresh each time: RSA by node-forge, elliptic curves by openssl.
import { execFileSync } from 'node:child_process';
import { generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import forge from 'node-forge';

export interface Pair {
  readonly certificate: string;
  readonly key: string;
}

export interface Wanted {
  readonly name: string;
  readonly organization?: string;
  readonly hosts?: readonly string[];
  /** Milliseconds since 1970. */
  readonly from?: number;
  readonly until?: number;
  /** May sign others, though another authority signed it. */
  readonly signs?: true;
  /** Not good for a server. */
  readonly clientOnly?: true;
  /** How many authorities may stand between this one and a leaf. */
  readonly between?: number;
}

const hour = 3_600_000;
let serial = 1000;

function rsaKey(): { readonly pem: string; readonly publicKey: forge.pki.rsa.PublicKey; readonly privateKey: forge.pki.rsa.PrivateKey } {
  const { privateKey, publicKey } = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  return { pem: privateKey, publicKey: forge.pki.publicKeyFromPem(publicKey), privateKey: forge.pki.privateKeyFromPem(privateKey) };
}

let leafKeys: ReturnType<typeof rsaKey> | undefined;

export function rsaAuthority(name: string): Pair {
  return rsaCertificate({ name });
}

export function rsaCertificate(wanted: Wanted, authority?: Pair): Pair {
  // Making a key is what costs time here: servers share one, authorities never do.
  const isLeaf = authority !== undefined && !wanted.signs;
  if (isLeaf) leafKeys ??= rsaKey();
  const keys = isLeaf && leafKeys ? leafKeys : rsaKey();
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = keys.publicKey;
  certificate.serialNumber = (serial++).toString(16).padStart(6, '0');
  certificate.validity.notBefore = new Date(wanted.from ?? Date.now() - hour);
  certificate.validity.notAfter = new Date(wanted.until ?? Date.now() + (isLeaf ? 365 : 3650) * 24 * hour);
  const subject = [
    { name: 'commonName', value: wanted.name },
    ...(wanted.organization ? [{ name: 'organizationName', value: wanted.organization }] : []),
  ];
  certificate.setSubject(subject);
  const issuer = authority && forge.pki.certificateFromPem(authority.certificate);
  certificate.setIssuer(issuer ? issuer.subject.attributes : subject);
  const names = (wanted.hosts ?? []).map((host) => (isIP(host) ? { type: 7, ip: host } : { type: 2, value: host }));
  certificate.setExtensions([
    {
      name: 'basicConstraints',
      cA: !authority || wanted.signs === true,
      critical: true,
      ...(wanted.between !== undefined && { pathLenConstraint: wanted.between }),
    },
    ...(authority && !wanted.signs
      ? [{ name: 'extKeyUsage', serverAuth: !wanted.clientOnly, clientAuth: true }]
      : [{ name: 'keyUsage', keyCertSign: true, digitalSignature: true }, { name: 'subjectKeyIdentifier' }]),
    ...(authority && wanted.signs && wanted.clientOnly ? [{ name: 'extKeyUsage', clientAuth: true }] : []),
    ...(names.length > 0 ? [{ name: 'subjectAltName', altNames: names }] : []),
  ]);
  certificate.sign(authority ? forge.pki.privateKeyFromPem(authority.key) : keys.privateKey, forge.md.sha256.create());
  return { certificate: forge.pki.certificateToPem(certificate), key: keys.pem };
}

/** By openssl, because node-forge cannot sign with an elliptic curve. */
export function ecCertificate(wanted: Wanted, authority?: Pair): Pair {
  const folder = mkdtempSync(join(tmpdir(), 'pki-'));
  try {
    const file = (name: string): string => join(folder, name);
    const names = (wanted.hosts ?? []).map((host) => `${isIP(host) ? 'IP' : 'DNS'}:${host}`).join(',');
    const subject = `/CN=${wanted.name}${wanted.organization ? `/O=${wanted.organization}` : ''}`;
    const signer: string[] = [];
    if (authority) {
      writeFileSync(file('ca.crt'), authority.certificate);
      writeFileSync(file('ca.key'), authority.key, { mode: 0o600 });
      signer.push('-CA', file('ca.crt'), '-CAkey', file('ca.key'), '-addext', 'basicConstraints=critical,CA:FALSE');
      signer.push('-addext', 'extendedKeyUsage=serverAuth,clientAuth');
    }
    const curve = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '365'];
    const extra = names ? ['-addext', `subjectAltName=${names}`] : [];
    execFileSync(
      'openssl',
      ['req', '-x509', ...curve, '-subj', subject, ...extra, ...signer, '-keyout', file('key'), '-out', file('crt')],
      { stdio: 'pipe' },
    );
    return { certificate: readFileSync(file('crt'), 'utf8'), key: readFileSync(file('key'), 'utf8') };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
