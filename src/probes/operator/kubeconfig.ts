// Where does the operator's kubeconfig lead, and with what credential?
import * as z from 'zod';
import type { KubeconfigSeen } from '../../model/operator.ts';
import { defineProbe } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { line } from '../shared/json.ts';
import { parseRaw } from '../shared/raw.ts';

const certificate = z.object({
  sha256: line,
  serial: line,
  subject: line,
  issuer: line,
  notBefore: z.iso.datetime(),
  notAfter: z.iso.datetime(),
  names: z.array(line),
  addresses: z.array(line),
  isAuthority: z.boolean(),
});

const kubeconfig = z.object({
  path: line,
  context: line,
  server: z.url(),
  host: line,
  port: z.number().int().min(1).max(65535),
  tlsServerName: line.exactOptional(),
  proxied: z.boolean(),
  authority: z.enum(['given', 'system', 'not-checked']),
  credential: z.discriminatedUnion('kind', [
    z.object({ kind: z.literal('none') }),
    z.object({ kind: z.literal('client-certificate'), certificate }),
    z.object({ kind: z.literal('token'), expiresAt: z.number().exactOptional(), issuedAt: z.number().exactOptional() }),
    z.object({ kind: z.literal('plugin'), command: line }),
    z.object({ kind: z.literal('broken'), detail: line }),
  ]),
});

export default defineProbe({
  id: 'operator.kubeconfig',
  title: 'the kubeconfig in use',
  why: 'Says which address every client dials and until when the operator can log in.',
  reads: [],
  after: [],
  timeoutMs: 1000,
  gather: (_subject, { given }) => {
    const seen = given['operator.kubeconfig'];
    if (seen === undefined) return Promise.reject(gap('absent', 'no kubeconfig was found', '--kubeconfig <file>'));
    return Promise.resolve({ raw: JSON.stringify(seen), source: 'kubeconfig' });
  },
  read: (raw): KubeconfigSeen => parseRaw(raw, kubeconfig),
});
