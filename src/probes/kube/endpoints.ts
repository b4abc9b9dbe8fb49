// Which API servers does the cluster send its own pods to?
import { joinAddress } from '../../model/address.ts';
import * as z from 'zod';
import { defineProbe } from '../probe.ts';
import { line, listOf } from '../shared/json.ts';
import { gatherList, readList } from '../shared/kubernetes.ts';

const path = '/apis/discovery.k8s.io/v1/namespaces/default/endpointslices?labelSelector=kubernetes.io%2Fservice-name%3Dkubernetes';

const slice = z.object({
  endpoints: z.array(z.object({ addresses: listOf(line), conditions: z.object({ ready: z.boolean().nullish() }).prefault({}) })).nullable(),
  ports: listOf(z.object({ port: z.number().int().nullish() })),
});

export default defineProbe({
  id: 'kube.endpoints',
  title: 'addresses of the Service `kubernetes`',
  why: 'An API server that is missing here is lost to pods; one that is dead and still listed harms them.',
  reads: [{ verb: 'list', group: 'discovery.k8s.io', resource: 'endpointslices', namespace: 'default' }],
  after: [],
  timeoutMs: 9000,
  gather: (_subject, around) => gatherList(path, 'the addresses of the Service kubernetes', around),
  read: (raw) => {
    const addresses = readList(raw, slice, 'an EndpointSlice').flatMap(({ endpoints, ports }) =>
      (endpoints ?? [])
        .filter(({ conditions }) => conditions.ready !== false)
        .flatMap((endpoint) => endpoint.addresses)
        .flatMap((host) => ports.map(({ port }) => joinAddress(host, port ?? 443))),
    );
    return { addresses: [...new Set(addresses)].sort() };
  },
});
