// Which authorities stand in a caBundle, or in a ConfigMap's text?
import * as z from 'zod';
import type { Bundle } from '../../model/admission.ts';
import type { CertificateSeen } from '../../model/network.ts';
import { describeCertificate } from './certificate.ts';
import { readPem } from './x509.ts';

/** Base64 of PEM; as long as a whole system's store at the most. */
export const caBundle = z.string().max(4_000_000).nullish();

const block = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;

export function readBundle(base64: string | null | undefined): { readonly bundle?: Bundle } {
  if (!base64) return {};
  const text = Buffer.from(base64, 'base64').toString('utf8');
  try {
    const certificates = readAuthorities(text);
    return { bundle: certificates.length > 0 ? { certificates } : { certificates, broken: 'it holds no certificate' } };
  } catch (error) {
    return { bundle: { certificates: [], broken: error instanceof Error ? error.message : String(error) } };
  }
}

/** @throws Error with one sentence. */
export function readAuthorities(pem: string): readonly CertificateSeen[] {
  return (pem.match(block) ?? []).map((one) => describeCertificate(readPem(one)));
}
