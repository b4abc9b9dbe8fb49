// Which TLS material goes along with an identity? Contexts are made once and shared: the first one costs the most.
import tls from 'node:tls';

export interface ClientCertificate {
  /** PEM, leaf first. */
  readonly certificate: string;
  /** PEM; lives in memory only. */
  readonly key: string;
}

let bare: tls.SecureContext | undefined;

/**
 * A context that knows no authority at all. With a single one of its own Node 20 loads the system's store as well, which
 * costs 18 ms or more for nothing. Who is to be trusted `verify.ts` works out.
 */
export function bareContext(): tls.SecureContext {
  bare ??= tls.createSecureContext({ ca: [] });
  return bare;
}

/** The same with a client certificate. @throws Error when certificate and key are unreadable or do not belong together. */
export function certificateContext(client: ClientCertificate): tls.SecureContext {
  return tls.createSecureContext({ ca: [], cert: client.certificate, key: client.key });
}

/** Verifies against these (PEM), each an end of a path, as in Go. @throws Error as above. */
export function anchoredContext(anchors: readonly string[], client?: ClientCertificate): tls.SecureContext {
  return tls.createSecureContext({
    ca: [...anchors],
    allowPartialTrustChain: true,
    ...(client && { cert: client.certificate, key: client.key }),
  });
}

/** Verifies against the system's store. @throws Error as above. */
export function systemContext(client?: ClientCertificate): tls.SecureContext {
  return tls.createSecureContext(client && { cert: client.certificate, key: client.key });
}

const pemBlock = /-----BEGIN CERTIFICATE-----[A-Za-z0-9+/=\s]+-----END CERTIFICATE-----/g;

/** Splits a PEM bundle into its certificates; everything between them is ignored, as OpenSSL and Go do. */
export function certificatesIn(pem: string): string[] {
  return pem.match(pemBlock) ?? [];
}

/** DER in base64 of one certificate in PEM. */
export function derOf(pem: string): string {
  return pem.replace(/-----(BEGIN|END) CERTIFICATE-----/g, '').replace(/\s+/g, '');
}
