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
  try {
    const certificates = readAuthorities(Buffer.from(base64, 'base64').toString('utf8'));
    return { bundle: certificates.length > 0 ? { certificates } : { certificates, broken: 'it holds no certificate' } };
  } catch (error) {
    return { bundle: { certificates: [], broken: sentenceOf(error) } };
  }
}

/**
 * Those that can be read: API servers pass over the others too (AppendCertsFromPEM of Go's crypto/x509).
 * @throws Error with one sentence where there are some and none can be read.
 */
export function readAuthorities(pem: string): readonly CertificateSeen[] {
  const found: CertificateSeen[] = [];
  const broken: string[] = [];
  for (const one of pem.match(block) ?? []) {
    try {
      found.push(describeCertificate(readPem(one)));
    } catch (error) {
      broken.push(sentenceOf(error));
    }
  }
  if (found.length === 0 && broken[0] !== undefined) throw new Error(broken[0]);
  return found;
}

function sentenceOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
