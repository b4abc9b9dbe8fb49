// Which pods make up the control plane, with which command lines and restarts?
import * as z from 'zod';
import type { ContainerSeen, ControlPlanePod } from '../../model/kubernetes.ts';
import { defineProbe } from '../probe.ts';
import { etcdVariables } from '../shared/etcd-environment.ts';
import { line, lineMap, listOf, moment, optionalLine } from '../shared/json.ts';
import { gatherList, readClock, readList } from '../shared/kubernetes.ts';

const variable = z.object({ name: line, value: optionalLine });
const container = z.object({ name: line, image: optionalLine, command: listOf(line), args: listOf(line), env: listOf(variable) });
const ended = z.object({ exitCode: z.number().int(), reason: optionalLine, finishedAt: moment }).exactOptional();
const containerStatus = z.object({
  name: line,
  ready: z.boolean(),
  restartCount: z.number().int(),
  state: z
    .object({
      waiting: z.object({ reason: optionalLine }).exactOptional(),
      running: z.object({ startedAt: moment }).exactOptional(),
      terminated: ended,
    })
    .prefault({}),
  lastState: z.object({ terminated: ended }).prefault({}),
});
const pod = z.object({
  metadata: z.object({ name: line, labels: lineMap, annotations: lineMap }),
  spec: z.object({ nodeName: optionalLine, containers: listOf(container) }),
  status: z
    .object({
      phase: optionalLine,
      hostIP: optionalLine,
      conditions: listOf(z.object({ type: z.string(), status: z.string(), lastTransitionTime: moment })),
      containerStatuses: listOf(containerStatus),
    })
    .prefault({}),
});

/** Who manages which field is most of the bytes and nobody asks. */
const leftOut = new Set(['envFrom', 'managedFields']);

function keep(name: string, value: unknown): unknown {
  if (leftOut.has(name)) return undefined;
  return name === 'env' ? etcdVariables(value) : value;
}

export default defineProbe({
  id: 'kube.control-plane-pods',
  title: 'pods of the control plane',
  why: 'Gives addresses, command lines and restarts of API servers, etcd, controller managers and schedulers.',
  reads: [{ verb: 'list', group: '', resource: 'pods', namespace: 'kube-system' }],
  after: [],
  timeoutMs: 9000,
  gather: (_subject, around) =>
    gatherList('/api/v1/namespaces/kube-system/pods?labelSelector=tier%3Dcontrol-plane', 'the pods of the control plane', around, keep),
  read: (raw) => ({ pods: readList(raw, pod, 'a pod').map(reduce), ...readClock(raw) }),
});

function reduce({ metadata, spec, status }: z.output<typeof pod>): ControlPlanePod {
  const ready = status.conditions.find((condition) => condition.type === 'Ready');
  return {
    name: metadata.name,
    component: metadata.labels['component'] ?? '',
    node: spec.nodeName,
    hostAddress: status.hostIP,
    phase: status.phase,
    ready: ready?.status === 'True',
    ...(ready?.lastTransitionTime === undefined ? {} : { readySince: ready.lastTransitionTime }),
    annotations: metadata.annotations,
    containers: spec.containers.map((one) =>
      reduceContainer(
        one,
        status.containerStatuses.find(({ name }) => name === one.name),
      ),
    ),
  };
}

function reduceContainer(spec: z.output<typeof container>, status: z.output<typeof containerStatus> | undefined): ContainerSeen {
  const last = status?.state.terminated ?? status?.lastState.terminated;
  const startedAt = status?.state.running?.startedAt;
  return {
    name: spec.name,
    image: spec.image,
    command: [...spec.command, ...spec.args],
    ...(spec.env.length === 0 ? {} : { environment: spec.env.map(({ name, value }) => `${name}=${value}`) }),
    ready: status?.ready ?? false,
    restarts: status?.restartCount ?? 0,
    waitingReason: status?.state.waiting?.reason ?? '',
    ...(last === undefined ? {} : { lastExitCode: last.exitCode }),
    ...(last === undefined || last.reason === '' ? {} : { lastReason: last.reason }),
    ...(last?.finishedAt === undefined ? {} : { lastFinishedAt: last.finishedAt }),
    ...(startedAt === undefined ? {} : { startedAt }),
  };
}
