// Which API servers do the tests talk to? Real HTTPS servers, each with a certificate and a habit.
import https from 'node:https';
import type { RequestListener } from 'node:http';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Patient, serve } from './patients.ts';
import type { Pair } from './pki.ts';

export interface Heard extends Patient {
  /** Every request with the credential it carried. */
  readonly requests: { readonly path: string; readonly authorization: string; readonly headers: NodeJS.Dict<string | string[]> }[];
}

export async function apiServer(own: Pair, listener: RequestListener, host = '127.0.0.1', more: https.ServerOptions = {}): Promise<Heard> {
  const requests: Heard['requests'] = [];
  const server = https.createServer({ cert: own.certificate, key: own.key, ...more }, (request, response) => {
    requests.push({ path: request.url ?? '', authorization: request.headers.authorization ?? '', headers: request.headers });
    listener(request, response);
  });
  return { ...(await serve(server, host)), requests };
}

export const answering =
  (status: number, body: unknown): RequestListener =>
  (_request, response) => {
    response.writeHead(status, { 'content-type': 'application/json' });
    response.end(JSON.stringify(body));
  };

export const status = (code: number, message: string): RequestListener =>
  answering(code, { kind: 'Status', apiVersion: 'v1', status: 'Failure', message, code });

export interface ConfigParts {
  readonly server: string;
  readonly authority?: string;
  readonly cluster?: Readonly<Record<string, unknown>>;
  readonly user?: Readonly<Record<string, unknown>>;
}

export function kubeconfigText({ server, authority, cluster, user }: ConfigParts): string {
  const data = authority === undefined ? {} : { 'certificate-authority-data': Buffer.from(authority).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'c', cluster: { server, ...data, ...cluster } }],
    users: [{ name: 'u', user: user ?? {} }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u' } }],
    'current-context': 'x',
  });
}

/** A folder of its own, with the file written into it. */
export function scratch(files: Readonly<Record<string, string>>): { readonly folder: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'sources-'));
  for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text, { mode: name.endsWith('.sh') ? 0o755 : 0o600 });
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A server's frame is not masked. */
export function serverFrame(payload: Buffer): Buffer {
  const length = payload.length < 126 ? Buffer.from([payload.length]) : Buffer.from([126, payload.length >> 8, payload.length & 255]);
  return Buffer.concat([Buffer.from([0x82]), length, payload]);
}
