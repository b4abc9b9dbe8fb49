// Does anybody stand behind the Services that the API servers call?
import * as z from 'zod';
import type { ServiceBackend, ServiceName } from '../../model/admission.ts';
import { GapError } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { checkShape, line, listOf, parseJson } from '../shared/json.ts';
import { gatherList, readList, without } from '../shared/kubernetes.ts';

/** More Services than any real cluster calls; those beyond are said to be unknown. */
const mostServices = 24;
/** Asked at a time: each takes a connection of its own. */
const atOnce = 6;

const slice = z.object({
  endpoints: z.array(z.object({ addresses: listOf(line), conditions: z.object({ ready: z.boolean().nullish() }).prefault({}) })).nullish(),
});
const recorded = z.object({ services: z.array(z.object({ namespace: line, name: line, list: z.string().exactOptional() })) });

export default defineProbe({
  id: 'kube.service-backends',
  title: 'addresses behind the Services of webhooks and aggregated APIs',
  why: 'A Service without a ready address answers nobody, and the API servers wait for it.',
  reads: [{ verb: 'list', group: 'discovery.k8s.io', resource: 'endpointslices' }],
  after: ['kube.webhooks', 'kube.api-services'],
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const names = servicesOf(around);
    const services: (ServiceName & { readonly list?: string })[] = [];
    for (let from = 0; from < Math.min(names.length, mostServices); from += atOnce) {
      const some = names.slice(from, Math.min(from + atOnce, mostServices));
      services.push(...(await Promise.all(some.map(async (service) => ({ ...service, ...(await ask(service, around)) })))));
    }
    services.push(...names.slice(mostServices));
    return { raw: JSON.stringify({ services }), source: 'through the API' };
  },
  read: (raw) => {
    const { services } = checkShape(recorded, parseJson(raw, 'the recorded Services'), 'the recorded Services');
    return { backends: services.map(({ namespace, name, list }): ServiceBackend => ({ namespace, name, ready: readyIn(list) })) };
  },
});

/** @throws GapError where neither list is known. */
function servicesOf(around: Surroundings): readonly ServiceName[] {
  const webhooks = around.value('kube.webhooks');
  const apis = around.value('kube.api-services');
  if (webhooks === undefined && apis === undefined) {
    const why = around.gap('kube.webhooks') ?? around.gap('kube.api-services');
    throw why === undefined ? gap('absent', 'no Service is known that the API servers call', 'kubectl get apiservices') : new GapError(why);
  }
  // Of webhooks only those whose silence stops something.
  const named = [...(webhooks?.webhooks.filter((one) => one.failClosed) ?? []), ...(apis?.services ?? [])].flatMap(
    (one) => one.service ?? [],
  );
  const byName = new Map(named.map(({ namespace, name }) => [`${namespace}/${name}`, { namespace, name }]));
  return [...byName].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, service]) => service);
}

/** What may not be asked about one Service leaves the others known. */
async function ask({ namespace, name }: ServiceName, around: Surroundings): Promise<{ readonly list?: string }> {
  const label = encodeURIComponent(`kubernetes.io/service-name=${name}`);
  const path = `/apis/discovery.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/endpointslices?labelSelector=${label}`;
  try {
    return {
      list: (await gatherList(path, `the addresses behind ${namespace}/${name}`, around, without('managedFields', 'targetRef'))).raw,
    };
  } catch (error) {
    if (!(error instanceof GapError)) throw error;
    return {};
  }
}

function readyIn(list: string | undefined): number | 'unknown' {
  if (list === undefined) return 'unknown';
  const endpoints = readList(list, slice, 'an EndpointSlice').flatMap((one) => one.endpoints ?? []);
  return endpoints.filter(({ conditions, addresses }) => conditions.ready !== false && addresses.length > 0).length;
}
