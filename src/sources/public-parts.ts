// What of a file with certificates and keys may leave this place: certificates, and digests of what the keys are the private half of?
import { createHash, createPrivateKey, createPublicKey, type KeyObject } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { parse } from 'yaml';
import { readLocalFile } from './files.ts';
import { isFields, textOf, type Fields } from './kubeconfig-file.ts';
import type { KubeconfigParts, PublicParts } from './source.ts';

const certificateBlock = /-----BEGIN CERTIFICATE-----[\sA-Za-z0-9+/=]+-----END CERTIFICATE-----/g;
const keyBlock = /-----BEGIN ((?:[A-Z]+ )?(?:PRIVATE|PUBLIC) KEY)-----[\s\S]*?-----END \1-----/g;

/** The keys themselves stay in this function's memory. @throws GapError */
export async function readPublicParts(path: string): Promise<PublicParts> {
  const text = await readLocalFile(path);
  const about = await stat(path).catch(() => undefined);
  const kubeconfig = /^kind:\s*["']?Config\b/m.test(text) || text.includes('client-certificate') ? kubeconfigIn(text) : undefined;
  return {
    certificates: text.match(certificateBlock) ?? [],
    keys: [...text.matchAll(keyBlock)].map(([block, kind]) => describeKey(block, kind ?? '')),
    ...(about !== undefined && { modifiedAt: Math.round(about.mtimeMs), mode: about.mode & 0o777 }),
    ...(kubeconfig !== undefined && { kubeconfig }),
  };
}

function describeKey(pem: string, kind: string): PublicParts['keys'][number] {
  const isPublic = kind.endsWith('PUBLIC KEY');
  const publicKey = digestOfPublicHalf(pem, isPublic);
  return { isPublic, ...(publicKey !== undefined && { publicKey }) };
}

/** Undefined for a key behind a passphrase and for what is no key; it says nothing about the private half. */
function digestOfPublicHalf(pem: string, isPublic: boolean): string | undefined {
  try {
    const key: KeyObject = createPublicKey(isPublic ? pem : createPrivateKey(pem));
    return createHash('sha256')
      .update(key.export({ type: 'spki', format: 'der' }))
      .digest('hex');
  } catch {
    return undefined;
  }
}

/** The context in use, reduced to what is public. */
function kubeconfigIn(text: string): KubeconfigParts | undefined {
  const document = parseOrNothing(text);
  if (!isFields(document)) return undefined;
  const context = entryOf(document, 'contexts', 'context', textOf(document, 'current-context'));
  const cluster = entryOf(document, 'clusters', 'cluster', context && textOf(context, 'cluster'));
  const user = entryOf(document, 'users', 'user', context && textOf(context, 'user'));
  if (cluster === undefined) return undefined;
  const key = user === undefined ? '' : decode(textOf(user, 'client-key-data'));
  const publicKey = key === '' ? undefined : digestOfPublicHalf(key, false);
  const clientFile = user && textOf(user, 'client-certificate');
  return {
    server: textOf(cluster, 'server') ?? '',
    authorities: decode(textOf(cluster, 'certificate-authority-data')).match(certificateBlock) ?? [],
    client: user === undefined ? [] : (decode(textOf(user, 'client-certificate-data')).match(certificateBlock) ?? []),
    ...(clientFile !== undefined && { clientFile }),
    ...(publicKey !== undefined && { publicKey }),
  };
}

/** The entry of that name, else the first. */
function entryOf(document: Fields, list: string, inner: string, name: string | undefined): Fields | undefined {
  const entries = document[list];
  const all = Array.isArray(entries) ? entries.filter(isFields) : [];
  const found = all.find((one) => textOf(one, 'name') === name) ?? all[0];
  const fields = found?.[inner];
  return isFields(fields) ? fields : undefined;
}

function decode(data: string | undefined): string {
  return data === undefined ? '' : Buffer.from(data, 'base64').toString('utf8');
}

function parseOrNothing(text: string): unknown {
  try {
    return parse(text, { logLevel: 'error' });
  } catch {
    return undefined;
  }
}
