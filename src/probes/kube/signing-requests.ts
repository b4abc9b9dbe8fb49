// Who asked for a certificate, and did he get one?
import * as z from 'zod';
import type { SigningRequest } from '../../model/kubernetes.ts';
import { defineProbe } from '../probe.ts';
import { line, listOf, moment, optionalLine } from '../shared/json.ts';
import { gatherList, readClock, readList, without } from '../shared/kubernetes.ts';

const request = z.object({
  metadata: z.object({ name: line, creationTimestamp: moment }),
  spec: z.object({ signerName: optionalLine, username: optionalLine }),
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
  gather: (_subject, around) =>
    gatherList(
      '/apis/certificates.k8s.io/v1/certificatesigningrequests',
      'the requests for certificates',
      around,
      without('managedFields', 'request', 'extra'),
    ),
  read: (raw) => ({ requests: readList(raw, request, 'a CertificateSigningRequest').map(reduce), ...readClock(raw) }),
});

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
    ...(metadata.creationTimestamp !== undefined && { createdAt: metadata.creationTimestamp }),
    ...(told?.lastUpdateTime !== undefined && { decidedAt: told.lastUpdateTime }),
  };
}
