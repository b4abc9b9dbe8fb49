// What does a request for a certificate (PKCS#10, RFC 2986) ask for: subject and alternative names?
import forge from 'node-forge';
import * as z from 'zod';
import type { AskedFor } from '../../model/kubernetes.ts';
import { cleanLine } from './text.ts';

/** Characters of base64; a request with a long list of names is a few thousand. */
const longest = 65_536;
const mostNames = 100;

/** What node-forge makes of it. Its typings leave these functions out; they read any kind of key, for none is looked at. */
const attribute = z.object({ shortName: z.string().exactOptional(), name: z.string().exactOptional(), value: z.unknown() });
const alternativeName = z.object({ type: z.number(), value: z.unknown(), ip: z.string().exactOptional() });
const requested = z.array(
  z.object({
    name: z.string().exactOptional(),
    extensions: z.array(z.object({ name: z.string().exactOptional(), altNames: z.array(alternativeName).exactOptional() })).exactOptional(),
  }),
);
const pki = forge.pki as typeof forge.pki & {
  RDNAttributesAsArray(sequence: forge.asn1.Asn1): unknown;
  CRIAttributesAsArray(attributes: unknown): unknown;
};

/** Of the alternative names (RFC 5280, 4.2.1.6): those a kubelet may have, and what the others are called. */
const [dnsName, ipAddress] = [2, 7];
const otherKinds: Readonly<Record<number, string>> = { 1: 'email', 6: 'URI' };

/** @param request base64 of PEM, as `spec.request` has it. Never throws: what cannot be read is told in one sentence. */
export function readSigningRequest(request: string): AskedFor {
  if (request.length > longest) return { broken: `a request of ${request.length} characters is not read` };
  try {
    return askedIn(Buffer.from(request, 'base64').toString('latin1'));
  } catch {
    return { broken: 'it is no request that could be read' };
  }
}

function askedIn(pem: string): AskedFor {
  const der = forge.util.decode64(pem.replace(/-----[^-]+-----/g, '').replace(/\s/g, ''));
  const [info] = partsOf(forge.asn1.fromDer(der));
  // CertificationRequestInfo: version, subject, public key, attributes.
  const [, subject, , attributes] = partsOf(info);
  if (subject === undefined) return { broken: 'it is no request that could be read' };
  const named = z.array(attribute).parse(pki.RDNAttributesAsArray(subject));
  const of = (name: string): string[] =>
    named.filter(({ shortName }) => shortName === name).map(({ value }) => cleanLine(String(value), 253));
  const found = attributes === undefined ? [] : requested.parse(pki.CRIAttributesAsArray(partsOf(attributes)));
  const all = found.flatMap(({ extensions = [] }) => extensions.flatMap(({ altNames = [] }) => altNames));
  if (all.length > mostNames) return { broken: `it asks for ${all.length} names` };
  const text = (value: unknown): string => cleanLine(String(value), 253);
  return {
    subject: named.map(({ shortName, name, value }) => `${shortName ?? name ?? '?'}=${cleanLine(String(value), 253)}`).join(', '),
    commonNames: of('CN'),
    organisations: of('O'),
    names: all.filter(({ type }) => type === dnsName).map(({ value }) => text(value)),
    addresses: all.filter(({ type }) => type === ipAddress).map(({ ip }) => text(ip ?? 'an address of no known kind')),
    others: all
      .filter(({ type }) => type !== dnsName && type !== ipAddress)
      .map(({ type, value }) => `${otherKinds[type] ?? 'another kind of name'}:${typeof value === 'string' ? text(value) : ''}`),
  };
}

function partsOf(element: forge.asn1.Asn1 | undefined): readonly (forge.asn1.Asn1 | undefined)[] {
  return Array.isArray(element?.value) ? element.value : [];
}
