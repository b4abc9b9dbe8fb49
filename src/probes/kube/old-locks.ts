// Who leads the components that elect by an annotation of Endpoints or ConfigMaps, as old releases do?
import * as z from 'zod';
import { parseFlags } from '../../model/flags.ts';
import type { LeaseSeen, ServerClock } from '../../model/kubernetes.ts';
import { GapError, type RawTry } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { gap } from '../shared/gaps.ts';
import { line, lineMap, moment, optionalLine, parseJson } from '../shared/json.ts';
import { askIfThere, readClock, readObject } from '../shared/kubernetes.ts';
import { parseRaw, rawTry } from '../shared/raw.ts';

/** client-go tools/leaderelection/resourcelock interface.go: LeaderElectionRecordAnnotationKey. */
const annotation = 'control-plane.alpha.kubernetes.io/leader';

const recorded = z.object({ asked: z.array(z.object({ namespace: line, name: line, try: rawTry })) });
const holder = z.object({
  metadata: z.object({ namespace: line, name: line, uid: optionalLine, resourceVersion: optionalLine, annotations: lineMap }),
});
/** LeaderElectionRecord of the same file. */
const record = z.object({
  holderIdentity: optionalLine,
  leaseDurationSeconds: z.number().int().nullish(),
  acquireTime: moment,
  renewTime: moment,
  leaderTransitions: z.number().int().nullish(),
});

export default defineProbe({
  id: 'kube.old-locks',
  title: 'leaders in annotations',
  why: 'Until 1.27 a component could be told to elect its leader by Endpoints or a ConfigMap: no Lease says then who leads.',
  reads: [
    { verb: 'get', group: '', resource: 'endpoints', namespace: 'kube-system' },
    { verb: 'get', group: '', resource: 'configmaps', namespace: 'kube-system' },
  ],
  after: ['kube.control-plane-pods'],
  again: 'more',
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const asked = await Promise.all(
      locksOf(around).map(async ({ resource, namespace, name }) => {
        const path = `/api/v1/namespaces/${encodeURIComponent(namespace)}/${resource}/${encodeURIComponent(name)}`;
        return { namespace, name, try: slim(await askIfThere(path, `the lock ${resource} ${namespace}/${name}`, around)) };
      }),
    );
    return { raw: JSON.stringify({ asked }), source: 'through the API' };
  },
  read: (raw) => {
    const { asked } = parseRaw(raw, recorded);
    const found = asked.map((one) => ({ ...one, ...leaseIn(one.try) }));
    const clock = found.find((one) => one.clock !== undefined)?.clock;
    return {
      leases: found.flatMap(({ lease }) => lease ?? []),
      absent: found.filter(({ lease }) => lease === undefined).map(({ namespace, name }) => `${namespace}/${name}`),
      ...(clock !== undefined && { clock }),
    };
  },
});

/** Only in kube-system, and only where a flag says so. @throws GapError where the command lines are not known. */
function locksOf(around: Surroundings) {
  const list = around.value('kube.control-plane-pods');
  if (list === undefined) {
    const why = around.gap('kube.control-plane-pods');
    throw why === undefined
      ? gap('absent', 'no pods of the control plane are listed', 'kubectl -n kube-system get pods')
      : new GapError(why);
  }
  const locks = list.pods.flatMap(({ component, containers }) => {
    const flags = parseFlags(containers[0]?.command ?? []);
    const [, resource] = /^(endpoints|configmaps)(?:leases)?$/.exec(flags.get('leader-elect-resource-lock') ?? '') ?? [];
    const namespace = flags.get('leader-elect-resource-namespace') ?? 'kube-system';
    if (resource === undefined || namespace !== 'kube-system') return [];
    return [{ resource, namespace, name: flags.get('leader-elect-resource-name') ?? component }];
  });
  return [...new Map(locks.map((lock) => [`${lock.resource} ${lock.name}`, lock])).values()];
}

/** Of a ConfigMap or Endpoints nothing but the annotation is kept. */
function slim(one: RawTry): RawTry {
  if (one.answer?.status !== 200) return one;
  const found = z
    .object({ metadata: z.looseObject({ annotations: z.record(z.string(), z.string()).nullish() }) })
    .safeParse(tryJson(one.answer.body));
  if (!found.success) return one;
  const { namespace, name, uid, resourceVersion, annotations } = found.data.metadata;
  const kept = annotations?.[annotation] === undefined ? {} : { [annotation]: annotations[annotation] };
  return {
    ...one,
    answer: { ...one.answer, body: JSON.stringify({ metadata: { namespace, name, uid, resourceVersion, annotations: kept } }) },
  };
}

function tryJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** @throws Error with one sentence when it is there and cannot be read. */
function leaseIn(one: RawTry): { readonly lease?: LeaseSeen; readonly clock?: ServerClock } {
  const raw = JSON.stringify({ tries: [one] });
  if (one.answer?.status !== 200) return {};
  const { metadata } = readObject(raw, holder, 'the lock');
  const text = metadata.annotations[annotation];
  if (text === undefined) return readClock(raw);
  const said = record.parse(parseJson(text, 'the leader’s annotation'));
  const lease: LeaseSeen = {
    namespace: metadata.namespace,
    name: metadata.name,
    holder: said.holderIdentity,
    durationSeconds: said.leaseDurationSeconds ?? 0,
    transitions: said.leaderTransitions ?? 0,
    ...(said.acquireTime === undefined ? {} : { acquiredAt: said.acquireTime }),
    ...(said.renewTime === undefined ? {} : { renewedAt: said.renewTime }),
    labels: {},
    resourceVersion: metadata.resourceVersion,
    ...(metadata.uid === '' ? {} : { uid: metadata.uid }),
  };
  return { lease, ...readClock(raw) };
}
