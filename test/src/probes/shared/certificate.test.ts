// Are certificates described without believing what they say about themselves?
import { createHash } from 'node:crypto';
import { afterAll, describe, expect, test } from 'vitest';
import { describeCertificate, parseCertificate, splitAlternativeNames } from '../../../../src/probes/shared/certificate.ts';
import { describeChain } from '../../../../src/probes/shared/tries.ts';
import { rsaAuthority } from '../../sources/kit/pki.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
afterAll(folder.remove);

describe('describeCertificate', () => {
  const authority = new Authority(folder.path);

  test('names, addresses, dates and digest are openssl’s', () => {
    const until = Date.UTC(2040, 1, 29, 12, 0, 0);
    const seen = describeCertificate(parseCertificate(authority.issue({ names: 'DNS:a.b,IP:10.0.0.1,IP:fd00::1', until }).der));
    expect(seen).toMatchObject({
      names: ['a.b'],
      addresses: ['10.0.0.1', 'fd00::1'],
      subject: 'CN=kube-apiserver',
      issuer: 'CN=kubernetes',
      isAuthority: false,
    });
    expect(seen.notAfter).toBe('2040-02-29T12:00:00.000Z');
    expect(seen.sha256).toMatch(/^[0-9a-f]{64}$/);
    expect(describeCertificate(parseCertificate(authority.own.der)).isAuthority).toBe(true);
  });

  test('an RSA key’s digest and length are those of the key itself', () => {
    const parsed = parseCertificate(Buffer.from(rsaAuthority('kubernetes').certificate));
    const spki = parsed.publicKey.export({ type: 'spki', format: 'der' });
    expect(describeCertificate(parsed)).toMatchObject({
      key: { type: 'RSA', bits: parsed.publicKey.asymmetricKeyDetails?.modulusLength },
      publicKey: createHash('sha256').update(spki).digest('hex'),
      signature: 'sha256WithRSAEncryption',
    });
  });

  test('an elliptic curve’s, with who signed it by key', () => {
    const leaf = describeCertificate(parseCertificate(authority.issue().der));
    expect(leaf).toMatchObject({ key: { type: 'EC', bits: 256 }, signature: 'ecdsa-with-SHA256', usages: [] });
    expect(leaf.publicKey).toMatch(/^[0-9a-f]{64}$/);
  });

  test('escapes for terminals do not survive in names', () => {
    const nasty = authority.issue({ subject: '/CN=red\u001b[31m\u0007x', names: 'DNS:ok.example.org' });
    expect(describeCertificate(parseCertificate(nasty.der)).subject).not.toMatch(/\p{Cc}/u);
  });

  test.each(['', 'AAAA', '!!!', 'MIIB'.repeat(400)])('garbage is no certificate: %s', (der) => {
    expect(() => parseCertificate(der)).toThrow('the bytes are not a certificate');
    expect(describeChain([der, authority.own.der])).toEqual([]);
  });

  test('a chain ends where it cannot be read', () => {
    expect(describeChain([authority.own.der, 'AAAA', authority.own.der])).toHaveLength(1);
  });
});

describe('splitAlternativeNames', () => {
  test('a quoted entry is one entry, whatever commas it holds', () => {
    const text = 'DNS:"a, DNS:kubernetes.default", IP Address:10.0.0.1, URI:"http://x, IP Address:6.6.6.6", DNS:b';
    expect(splitAlternativeNames(text)).toEqual({ names: ['a, DNS:kubernetes.default', 'b'], addresses: ['10.0.0.1'] });
  });

  test('escapes within quotes are undone, then cleaned', () => {
    expect(splitAlternativeNames('DNS:"a\\"\\u001b[31m, x"').names).toEqual(['a", x']);
  });

  test('nothing and nonsense give nothing', () => {
    expect(splitAlternativeNames('')).toEqual({ names: [], addresses: [] });
    expect(splitAlternativeNames('hello world').names).toEqual([]);
  });
});
