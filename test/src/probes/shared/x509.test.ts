// Does our reading of a certificate say what OpenSSL says of it, and believe nothing that it says about itself?
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from 'vitest';
import { describeCertificate } from '../../../../src/probes/shared/certificate.ts';
import { describeChain } from '../../../../src/probes/shared/tries.ts';
import { isSignedBy } from '../../../../src/probes/shared/signature.ts';
import { readCertificate, readPem } from '../../../../src/probes/shared/x509.ts';
import { cleanLine } from '../../../../src/probes/shared/text.ts';
import { rsaAuthority } from '../../sources/kit/pki.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const authority = new Authority(folder.path);
const derOf = (base64: string): Buffer => Buffer.from(base64, 'base64');

/** What both say, in one form. */
function byOpenSsl(der: Uint8Array) {
  const one = new X509Certificate(der);
  const { asymmetricKeyType: type, asymmetricKeyDetails: details } = one.publicKey;
  return {
    sha256: one.fingerprint256.replaceAll(':', '').toLowerCase(),
    serial: one.serialNumber,
    subject: cleanLine((one.subject ?? '').split('\n').join(', '), 500),
    issuer: cleanLine((one.issuer ?? '').split('\n').join(', '), 500),
    notBefore: Date.parse(one.validFrom),
    notAfter: Date.parse(one.validTo),
    isAuthority: one.ca,
    extendedUsages: one.keyUsage ?? [],
    publicKey: createHash('sha256')
      .update(one.publicKey.export({ type: 'spki', format: 'der' }))
      .digest('hex'),
    type: type?.toUpperCase(),
    ...(details?.modulusLength !== undefined && { bits: details.modulusLength }),
  };
}

function byUs(der: Uint8Array) {
  const { sha256, serial, subject, issuer, notBefore, notAfter, isAuthority, extendedUsages, key, keyInfo } = readCertificate(der);
  const publicKey = createHash('sha256').update(keyInfo).digest('hex');
  const bits = key.type.startsWith('RSA') ? { bits: key.bits } : {};
  return { sha256, serial, subject, issuer, notBefore, notAfter, isAuthority, extendedUsages, publicKey, type: key.type, ...bits };
}

/** Names as a client would be let in by. */
function expectNames(der: Uint8Array): void {
  const { names, addresses } = readCertificate(der);
  const opened = new X509Certificate(der);
  for (const name of names) expect(opened.checkHost(name.replace(/^\*/, 'x'), { subject: 'never' })).toBe(name);
  for (const address of addresses) expect(opened.checkIP(address)).toBe(address);
  const written = opened.subjectAltName ?? '';
  expect([written.match(/(?:^|, )DNS:/g)?.length ?? 0, written.match(/(?:^|, )IP Address:/g)?.length ?? 0]).toEqual([
    names.length,
    addresses.length,
  ]);
}

const recordings = fileURLToPath(new URL('../../../recordings', import.meta.url));

/** Every certificate that stands in a recording, in base64, once. */
function recorded(): readonly string[] {
  const files = readdirSync(recordings, { recursive: true, withFileTypes: true }).filter((one) => one.isFile());
  const found = files.flatMap(({ parentPath, name }) => {
    const text = readFileSync(join(parentPath, name), 'utf8').replace(/\\n/g, '\n');
    const pems = [...text.matchAll(/-----BEGIN CERTIFICATE-----([\sA-Za-z0-9+/=]+)-----END/g)].map(([, body]) => body?.replace(/\s/g, ''));
    return [...pems, ...[...text.matchAll(/"(MII[A-Za-z0-9+/=]{300,})"/g)].map(([, body]) => body)];
  });
  return [...new Set(found.flatMap((one) => one ?? []))];
}

test('of every certificate in the recordings it says what OpenSSL says', () => {
  const all = recorded();
  expect(all.length).toBeGreaterThan(200);
  for (const base64 of all) {
    expect(byUs(derOf(base64))).toEqual(byOpenSsl(derOf(base64)));
    expectNames(derOf(base64));
  }
});

/** Made by openssl as no tool of a cluster would. */
function odd(name: string, key: readonly string[], ...flags: readonly string[]): Buffer {
  const base = join(folder.path, name.replaceAll(/\W/g, ''));
  execFileSync('openssl', ['genpkey', ...key, '-out', `${base}.key`], { stdio: 'pipe' });
  writeFileSync(`${base}.cnf`, 'oid_section = ids\n[ids]\nodd = 1.3.6.1.4.1.55555.7\n[req]\ndistinguished_name = dn\n[dn]\n');
  const argv = ['req', '-x509', '-new', '-config', `${base}.cnf`, '-key', `${base}.key`, '-days', '30', '-utf8', '-out', `${base}.der`];
  execFileSync('openssl', [...argv, '-outform', 'DER', ...flags], { stdio: 'pipe' });
  return readFileSync(`${base}.der`);
}

const rsa = ['-algorithm', 'RSA', '-pkeyopt', 'rsa_keygen_bits:2048'] as const;
const ec = (curve: string) =>
  ['-algorithm', 'EC', '-pkeyopt', `ec_paramgen_curve:${curve}`, '-pkeyopt', 'ec_param_enc:named_curve'] as const;

describe('odd ones, too', () => {
  test.each([
    ['RSA of 3072 bits', [...rsa.slice(0, 3), 'rsa_keygen_bits:3072'], ['-subj', '/CN=a']],
    ['PSS', rsa, ['-subj', '/CN=a', '-sigopt', 'rsa_padding_mode:pss']],
    ['a key for PSS alone', ['-algorithm', 'RSA-PSS', '-pkeyopt', 'rsa_keygen_bits:2048'], ['-subj', '/CN=a']],
    ['SHA-1', rsa, ['-subj', '/CN=a', '-sha1']],
    ['SHA-512', rsa, ['-subj', '/CN=a', '-sha512']],
    ['P-384', ec('P-384'), ['-subj', '/CN=a', '-sha384']],
    ['P-521', ec('P-521'), ['-subj', '/CN=a']],
    ['Ed25519', ['-algorithm', 'ED25519'], ['-subj', '/CN=a']],
    ['Ed448', ['-algorithm', 'ED448'], ['-subj', '/CN=a']],
    ['several organisations', ec('P-256'), ['-subj', '/O=system:masters/O=two/CN=kubernetes-admin']],
    ['two parts in one', ec('P-256'), ['-subj', '/O=x/OU=y+CN=z', '-multivalue-rdn']],
    ['marks that divide', ec('P-256'), ['-subj', '/O=a, CN\\=b; "c" <d> \\+ e\\\\f/CN=#g ']],
    ['other letters', ec('P-256'), ['-subj', '/O=Größe 東京/CN=ключ']],
    ['mail, place and number', ec('P-256'), ['-subj', '/C=DE/ST=a/L=b/emailAddress=a@b.c/serialNumber=7/odd=x/DC=example/UID=u/SN=s/GN=g']],
    ['no name', ec('P-256'), ['-subj', '/']],
    ['serial 0', ec('P-256'), ['-subj', '/CN=a', '-set_serial', '0']],
    ['serial 200', ec('P-256'), ['-subj', '/CN=a', '-set_serial', '200']],
    ['serial below 0', ec('P-256'), ['-subj', '/CN=a', '-set_serial', '-1234']],
    ['a year after 2049', ec('P-256'), ['-subj', '/CN=a', '-days', '20000']],
    ['an authority that may not sign', ec('P-256'), ['-subj', '/CN=a', '-addext', 'keyUsage=digitalSignature']],
    ['an authority that may', ec('P-256'), ['-subj', '/CN=a', '-addext', 'keyUsage=keyCertSign,cRLSign']],
    ['no authority', ec('P-256'), ['-subj', '/CN=a', '-addext', 'basicConstraints=critical,CA:FALSE']],
    ['usages', ec('P-256'), ['-subj', '/CN=a', '-addext', 'extendedKeyUsage=serverAuth,clientAuth,codeSigning,1.2.3.4']],
    [
      'names of every kind',
      ec('P-256'),
      ['-subj', '/CN=a', '-addext', 'subjectAltName=DNS:a.b,DNS:*.c.d,IP:10.0.0.1,IP:fd00::1,IP:::1,URI:http://x/,email:a@b.c,RID:1.2.3'],
    ],
  ])('%s', (name, key, flags) => {
    const der = odd(name, key, ...flags);
    expect(byUs(der)).toEqual(byOpenSsl(der));
    expectNames(der);
    const own = readCertificate(der);
    expect(isSignedBy(own, own)).toBe(true);
    expect(isSignedBy(own, readCertificate(derOf(authority.own.der)))).toBe(false);
  });

  test('one signed by RSA, and not by another RSA key; what was changed is signed by nobody', () => {
    const [one, other] = [rsaAuthority('kubernetes'), rsaAuthority('kubernetes')].map(({ certificate }) => readPem(certificate));
    if (one === undefined || other === undefined) throw new Error('no authority was made');
    expect([isSignedBy(one, one), isSignedBy(one, other)]).toEqual([true, false]);
    const changed = Buffer.from(one.der);
    const at = changed.indexOf('kubernetes');
    changed.write('Kubernetes', at);
    expect(isSignedBy(readCertificate(changed), one)).toBe(false);
  });
});

test('what is told of a certificate', () => {
  const until = Date.UTC(2040, 1, 29, 12, 0, 0);
  const seen = describeCertificate(readPem(authority.issue({ names: 'DNS:a.b,IP:10.0.0.1,IP:fd00::1', until }).certificate));
  expect(seen).toMatchObject({
    names: ['a.b'],
    addresses: ['10.0.0.1', 'fd00::1'],
    subject: 'CN=kube-apiserver',
    issuer: 'CN=kubernetes',
    isAuthority: false,
    notAfter: '2040-02-29T12:00:00.000Z',
    key: { type: 'EC', bits: 256 },
    signature: 'ecdsa-with-SHA256',
    usages: [],
  });
  expect([seen.sha256, seen.publicKey]).toEqual([expect.stringMatching(/^[0-9a-f]{64}$/), expect.stringMatching(/^[0-9a-f]{64}$/)]);
});

test('who signed it is told by key', () => {
  const der = odd(
    'by key',
    ec('P-256'),
    '-subj',
    '/CN=a',
    '-addext',
    'subjectKeyIdentifier=hash',
    '-addext',
    'authorityKeyIdentifier=keyid:always',
  );
  const { keyId, authorityKeyId } = readCertificate(der);
  expect(keyId).toMatch(/^[0-9a-f]{40}$/);
  expect(authorityKeyId).toBe(keyId);
});

test('escapes for terminals do not survive in names', () => {
  const nasty = authority.issue({ subject: '/CN=red\u001b[31m\u0007x', names: 'DNS:ok.example.org' });
  expect(readPem(nasty.certificate).subject).not.toMatch(/\p{Cc}/u);
});

describe('what is no certificate', () => {
  test.each(['', 'AAAA', '!!!', 'MIIB'.repeat(400), 'MAA=', 'MAYwADAAMAA='])('%s', (base64) => {
    expect(() => readCertificate(derOf(base64))).toThrow('the bytes are not a certificate');
    expect(describeChain([base64, authority.own.der])).toEqual([]);
  });

  test('any of its beginnings, any with a byte changed: one sentence, or a certificate', () => {
    const whole = derOf(authority.own.der);
    for (let length = 0; length < whole.length; length += 7) {
      expect(() => readCertificate(whole.subarray(0, length))).toThrow('the bytes are not a certificate');
    }
    for (let at = 0; at < whole.length; at++) {
      const changed = Buffer.from(whole);
      changed[at] = 255 - (changed[at] ?? 0);
      try {
        readCertificate(changed);
      } catch (error) {
        expect(String(error)).toMatch(/^Error: (the bytes are not a certificate|the certificate's date “.*” cannot be read)$/);
      }
    }
  });

  test('PEM of something else, or too long', () => {
    expect(() => readPem('-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----')).toThrow('not a certificate');
    expect(() => readPem(`-----BEGIN CERTIFICATE-----\n${'A'.repeat(300_000)}\n-----END CERTIFICATE-----`)).toThrow(
      'a certificate of 225000 bytes is not read',
    );
    expect(() => readCertificate(Buffer.alloc(102_401))).toThrow('a certificate of 102401 bytes is not read');
  });

  test('dates that no calendar has', () => {
    const whole = derOf(authority.own.der);
    const at = whole.indexOf(Buffer.from([0x17, 13]));
    const changed = Buffer.from(whole);
    changed.write('260230', at + 2);
    expect(() => readCertificate(changed)).toThrow(/^the certificate's date “260230\d{6}Z” cannot be read$/);
  });
});

test('a chain ends where it cannot be read', () => {
  expect(describeChain([authority.own.der, 'AAAA', authority.own.der])).toHaveLength(1);
});
