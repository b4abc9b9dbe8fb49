// Which parts of the API are served by somebody else, and are they available?
import * as z from 'zod';
import type { ApiServiceSeen } from '../../model/admission.ts';
import { defineProbe } from '../probe.ts';
import { caBundle, readBundle } from '../shared/bundle.ts';
import { calledService, readService } from '../shared/client-config.ts';
import { line, listOf, moment, optionalLine } from '../shared/json.ts';
import { gatherList, readClock, readList, without } from '../shared/kubernetes.ts';

const apiService = z.object({
  metadata: z.object({ name: line }),
  spec: z.object({ caBundle, service: calledService }).prefault({}),
  status: z
    .object({
      conditions: listOf(
        z.object({ type: z.string(), status: z.string(), reason: optionalLine, message: optionalLine, lastTransitionTime: moment }),
      ),
    })
    .prefault({}),
});

export default defineProbe({
  id: 'kube.api-services',
  title: 'registered APIs',
  why: 'An aggregated API that is gone fails its own clients, discovery, and the deletion of namespaces.',
  reads: [{ verb: 'list', group: 'apiregistration.k8s.io', resource: 'apiservices' }],
  after: [],
  timeoutMs: 9000,
  gather: (_subject, around) =>
    gatherList('/apis/apiregistration.k8s.io/v1/apiservices', 'the registered APIs', around, without('managedFields')),
  read: (raw) => ({ services: readList(raw, apiService, 'an APIService').map(reduce), ...readClock(raw) }),
});

function reduce({ metadata, spec, status }: z.output<typeof apiService>): ApiServiceSeen {
  const condition = status.conditions.find(({ type }) => type === 'Available');
  const said = condition?.status;
  return {
    name: metadata.name,
    ...readService(spec.service),
    available: said === undefined ? 'absent' : said === 'True' || said === 'False' ? said : 'Unknown',
    reason: condition?.reason ?? '',
    message: condition?.message ?? '',
    ...(condition?.lastTransitionTime === undefined ? {} : { since: condition.lastTransitionTime }),
    ...readBundle(spec.caBundle),
  };
}
