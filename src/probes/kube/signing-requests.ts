// Who asked for a certificate, and did he get one?
import * as z from 'zod';
import { type AskedFor, type SigningRequest, tokenPrefix } from '../../model/kubernetes.ts';
import { defineProbe, type Gathered } from '../probe.ts';
import { line, listOf, moment, optionalLine } from '../shared/json.ts';
import { changeItems, gatherList, readClock, readList, without } from '../shared/kubernetes.ts';

const asks: z.ZodType<AskedFor> = z.union([
  z.object({ broken: line }),
  z.object({
    subject: line,
    commonNames: z.array(line),
    organisations: z.array(line),
    names: z.array(line),
    addresses: z.array(line),
    others: z.array(line),
  }),
]);
const request = z.object({
  metadata: z.object({ name: line, creationTimestamp: moment }),
  spec: z.object({ signerName: optionalLine, username: optionalLine, asks: asks.exactOptional() }),
  status: z
    .object({
      certificate: z.string().nullish(),
      conditions: listOf(z.object({ type: line, message: optionalLine, lastUpdateTime: moment })),
    })
    .prefault({}),
});

export default defineProbe({
  id: 'kube.signing-requests',
  title: 'requests for certificates',
  why: 'A kubelet whose request nobody grants loses its node on the day its certificate ends.',
  reads: [{ verb: 'list', group: 'certificates.k8s.io', resource: 'certificatesigningrequests' }],
  after: [],
  timeoutMs: 9000,
  gather: async (_subject, around) =>
    readRequests(
      await gatherList(
        '/apis/certificates.k8s.io/v1/certificatesigningrequests',
        'the requests for certificates',
        around,
        without('managedFields', 'extra'),
      ),
    ),
  read: (raw) => ({ requests: readList(raw, request, 'a CertificateSigningRequest').map(reduce), ...readClock(raw) }),
});

const waiting = z.object({
  spec: z.object({ signerName: z.string().startsWith('kubernetes.io/'), request: z.string() }),
  status: z.object({ conditions: z.array(z.unknown()).length(0).nullish() }).prefault({}),
});
/** All machines that join with one token ask in its name: whose request was decided is told by its subject alone. */
const joining = z.object({
  spec: z.object({
    signerName: z.string().startsWith('kubernetes.io/'),
    username: z.string().startsWith(tokenPrefix),
    request: z.string(),
  }),
});
const toRead = z.union([waiting, joining]);

/** Of each request only what it asks for is kept, and only while somebody has to decide: what reads it is loaded for that alone. */
async function readRequests({ raw, source }: Gathered): Promise<Gathered> {
  let found = false;
  changeItems(raw, (item) => {
    found ||= waiting.safeParse(item).success;
    return item;
  });
  const reader = found ? await import('../shared/signing-request.ts') : undefined;
  const kept = changeItems(raw, (item) => {
    if (typeof item !== 'object' || item === null || !('spec' in item)) return item;
    const { request: _, ...spec } = item.spec as { request?: unknown };
    const asked = toRead.safeParse(item);
    return { ...item, spec: asked.success && reader ? { ...spec, asks: reader.readSigningRequest(asked.data.spec.request) } : spec };
  });
  return { raw: kept, source };
}

function reduce({ metadata, spec, status }: z.output<typeof request>): SigningRequest {
  const of = (type: string) => status.conditions.find((one) => one.type === type);
  const told = of('Failed') ?? of('Denied') ?? of('Approved');
  const issued = told?.type === 'Approved' && status.certificate ? ('issued' as const) : undefined;
  const state = issued ?? ({ Failed: 'failed', Denied: 'denied', Approved: 'approved' } as const)[told?.type ?? ''] ?? 'pending';
  return {
    name: metadata.name,
    signer: spec.signerName,
    requester: spec.username,
    state,
    message: told?.message ?? '',
    ...(spec.asks !== undefined && { asks: spec.asks }),
    ...(metadata.creationTimestamp !== undefined && { createdAt: metadata.creationTimestamp }),
    ...(told?.lastUpdateTime !== undefined && { decidedAt: told.lastUpdateTime }),
  };
}
