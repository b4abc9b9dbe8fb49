// What does a certificate say, in words that are safe to print?
import { createHash } from 'node:crypto';
import type { CertificateSeen, Usage } from '../../model/network.ts';
import { nameOfAlgorithm } from './signature.ts';
import type { Certificate } from './x509.ts';

export function describeCertificate(certificate: Certificate): CertificateSeen {
  const { sha256, serial, subject, issuer, names, addresses, isAuthority, key, keyInfo, keyId, authorityKeyId } = certificate;
  return {
    sha256,
    serial,
    subject,
    issuer,
    notBefore: new Date(certificate.notBefore).toISOString(),
    notAfter: new Date(certificate.notAfter).toISOString(),
    names,
    addresses,
    isAuthority,
    key,
    publicKey: createHash('sha256').update(keyInfo).digest('hex'),
    signature: nameOfAlgorithm(certificate),
    ...(keyId !== undefined && { keyId }),
    ...(authorityKeyId !== undefined && { authorityKeyId }),
    usages: usagesOf(certificate),
  };
}

/** RFC 5280, 4.2.1.12; anyExtendedKeyUsage narrows nothing. */
const usages: Readonly<Record<string, Usage>> = { '1.3.6.1.5.5.7.3.1': 'server', '1.3.6.1.5.5.7.3.2': 'client' };
const anyUsage = '2.5.29.37.0';

function usagesOf({ extendedUsages }: Certificate): readonly Usage[] {
  if (extendedUsages.includes(anyUsage)) return [];
  return [...new Set(extendedUsages.map((oid) => usages[oid] ?? 'other'))].sort();
}
