// What did control-plane containers say before they ended?
import type { Gap } from '../../model/evidence.ts';
import { GapError } from '../../sources/source.ts';
import { defineProbe, type Surroundings } from '../probe.ts';
import { linesOf, logBounds, logsWanted, type LogWanted, readLogs } from '../shared/container-logs.ts';
import { gap, refusalOf } from '../shared/gaps.ts';

export default defineProbe({
  id: 'kube.container-logs',
  title: 'last log lines of ailing control-plane containers',
  why: 'A container that keeps ending says why on its last lines; the API keeps those of one ending.',
  reads: [{ verb: 'get', group: '', resource: 'pods/log', namespace: 'kube-system' }],
  after: ['kube.control-plane-pods'],
  afterEvery: ['api.ready', 'node.kubelet-port'],
  timeoutMs: 9000,
  gather: async (_subject, around) => {
    const list = around.value('kube.control-plane-pods');
    if (list === undefined) throw withoutPods(around);
    const wanted = logsWanted(list.pods, list.clock, unreadyNodes(around));
    const silent = silentNodes(around);
    const asked = await Promise.all(wanted.map((one) => (silent.has(one.node) ? unasked(one) : ask(one, around))));
    const denied = asked.find((one) => one.gap?.gap === 'denied');
    if (denied?.gap !== undefined && asked.every((one) => one.text === undefined)) throw new GapError(denied.gap);
    const logs = asked.map(({ gap: refusal, ...one }) => ({ ...one, ...(refusal !== undefined && { refused: refusal.detail }) }));
    return { raw: JSON.stringify({ logs }), source: 'through the API' };
  },
  read: (raw) => readLogs(raw, linesOf),
});

function withoutPods(around: Surroundings): GapError {
  const why = around.gap('kube.control-plane-pods');
  return why === undefined
    ? gap('absent', 'no pods of the control plane are listed', 'kubectl -n kube-system get pods')
    : new GapError(why);
}

/** Nodes of API servers that were asked and did not answer 200. */
function unreadyNodes({ topology, value }: Surroundings): ReadonlySet<string> {
  const unready = topology.masters.filter((master) => {
    const tries = value('api.ready', master.subject)?.tries;
    return tries !== undefined && !tries.some(({ outcome }) => outcome.kind === 'answered' && outcome.status === 200);
  });
  return new Set(unready.flatMap((master) => master.subject.keys.node ?? []));
}

/** Machines whose kubelet nobody could connect to: the API server would wait for it as long as we let it. */
function silentNodes({ topology, value }: Surroundings): ReadonlySet<string> {
  const silent = topology.machines.filter(({ subject }) => {
    const outcome = value('node.kubelet-port', subject)?.outcome;
    return outcome?.kind === 'failed' && (outcome.why === 'timeout' || outcome.why === 'unreachable' || outcome.why === 'hung');
  });
  return new Set(silent.map(({ subject }) => subject.id));
}

function unasked({ pod, component, node, previous }: LogWanted): Asked {
  const detail = `the kubelet on ${node}, which has the log of ${pod}, does not answer`;
  return { pod, component, node, previous, gap: { gap: 'failed', detail, howToGet: `read it on ${node}` } };
}

interface Asked extends Omit<LogWanted, 'container'> {
  readonly text?: string;
  readonly gap?: Gap;
}

/** A log that cannot be had keeps its reason; the others are worth having. */
async function ask(wanted: LogWanted, { source, topology, signal }: Surroundings): Promise<Asked> {
  const { pod, container, previous } = wanted;
  const query = `container=${encodeURIComponent(container)}&previous=${previous}&tailLines=${logBounds.lines}&limitBytes=${logBounds.bytes}&timestamps=true`;
  const path = `/api/v1/namespaces/kube-system/pods/${encodeURIComponent(pod)}/log?${query}`;
  const about = { pod, component: wanted.component, node: wanted.node, previous };
  const howToGet = `kubectl -n kube-system logs ${pod}${previous ? ' --previous' : ''} --tail=${logBounds.lines}`;
  try {
    const one = await source.kubernetes(path, signal);
    if (one.answer?.status === 200) return { ...about, text: one.answer.body };
    return { ...about, gap: refusalOf(one, `the log of ${pod}`, topology, howToGet).gap };
  } catch (error) {
    if (!(error instanceof GapError)) throw error;
    return { ...about, gap: { ...error.gap, howToGet } };
  }
}
