// Are the releases of the control plane and the kubelets ones that go together?
import { defineRule, fail, notApplicable, pass } from '../../src/judge/define-rule.ts';
import { mastersOf } from '../../src/judge/readings/api-server.ts';
import { isKubeadm } from '../../src/judge/readings/component-home.ts';
import { MissingEvidence } from '../../src/judge/view.ts';
import type { Seen } from '../../src/model/rule.ts';
import { type Sentence, say } from '../../src/model/sentence.ts';
import { clusterSubject } from '../../src/model/subject.ts';

const skewPolicy = 'https://kubernetes.io/releases/version-skew-policy/';

export default defineRule({
  id: 'api-version-skew',
  area: 'apiserver',
  since: '0.2.0',
  severity: 'critical',
  impact: 'at-risk',
  layer: 3,
  title: 'releases do not go together: {words}',
  healthy: 'API servers, controllers and kubelets are releases that go together',
  why: 'What one release writes or asks for the other may not know: requests fail depending on which API server they meet.',
  shows: ['each rows: {what}  {node}  {release}'],
  folded: '{words}',
  needs: ['api.release', 'kube.nodes', 'kube.control-plane-pods'],
  limits: {
    apart: { value: 1, unit: 'minor versions between API servers', source: skewPolicy },
    controllers: { value: 1, unit: 'minor versions that a controller may be older', source: skewPolicy },
    kubelets: { value: 3, unit: 'minor versions that a kubelet may be older', source: skewPolicy },
    oldKubelets: { value: 2, unit: 'minor versions that a kubelet before 1.25 may be older', source: skewPolicy },
    firstPatient: { value: 25, unit: 'minor version of kubelets from which the longer distance holds', source: skewPolicy },
  },
  reasons: ['api-servers', 'controllers', 'kubelets', 'mixed'],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const servers = seen.tally(mastersOf(seen), (master) => minorOf(seen.get('api.release', master.subject).gitVersion) !== undefined);
    const known = servers.yes.map(({ subject }) => ({
      what: 'kube-apiserver',
      node: subject.name,
      ...release(seen.get('api.release', subject).gitVersion),
    }));
    if (known.length === 0) {
      const [missing] = servers.unknown;
      if (missing !== undefined) seen.get('api.release', missing.subject);
      return notApplicable('the API servers name no release of Kubernetes');
    }
    const [oldest, newest] = [Math.min(...known.map((one) => one.minor)), Math.max(...known.map((one) => one.minor))];
    if (newest - oldest > limits.apart) {
      const words = say('API servers are {count} minor versions apart', { count: newest - oldest });
      return fail({ words, rows: shown(known) }, { reason: 'api-servers', witness: 'stated' });
    }
    // kubeadm has what runs on a master ask the API server beside it; who else asks may meet any of them.
    const asked = ({ node }: Released): number =>
      (isLocal(seen, node) ? known.find((one) => one.node === node)?.minor : undefined) ?? oldest;
    const wrong = [
      ...controllersOf(seen).filter((one) => one.minor > asked(one) || newest - one.minor > limits.controllers),
      ...kubeletsOf(seen).filter(
        (one) => one.minor > asked(one) || newest - one.minor > (one.minor < limits.firstPatient ? limits.oldKubelets : limits.kubelets),
      ),
    ];
    if (wrong.length > 0) {
      const words = wordsFor(wrong, asked);
      const reason = wrong.some((one) => one.what === 'kubelet') ? 'kubelets' : 'controllers';
      return fail({ words, rows: shown([...known, ...wrong]) }, { reason, witness: 'stated' });
    }
    if (servers.unknown.length > 0)
      throw restUnknown(
        seen,
        servers.unknown.map(({ subject }) => subject.name),
      );
    if (newest === oldest) return pass({ release: known[0]?.release ?? '' });
    const words: Sentence = say('API servers of two minor versions: an upgrade is under way, or was never finished');
    return fail({ words, rows: shown(known) }, { reason: 'mixed', severity: 'info', witness: 'stated' });
  },
  explains: [
    { to: 'api-5xx-ratio', kind: 'causes', on: 'cluster', because: 'what one release stores the other cannot always read', unproven: true },
    {
      to: 'le-component-unhealthy',
      kind: 'causes',
      on: 'cluster',
      because: 'a controller that is newer than its API server asks for APIs that are not there',
      when: ({ cause, effect }) =>
        cause.reason === 'controllers' && rowsName(cause.facts['rows'], effect.facts['component'], effect.facts['node']) ? 'yes' : 'no',
      unproven: true,
    },
    { to: 'api-flag-drift', kind: 'causes', on: 'cluster', because: 'each release has flags of its own', unproven: true },
  ],
  fixes: (_cause, seen) => [
    {
      do: 'Finish the upgrade, one master at a time: API servers first, then their controllers, kubelets last',
      where: 'here',
      run: [
        'kubectl get nodes -o custom-columns=NODE:.metadata.name,KUBELET:.status.nodeInfo.kubeletVersion',
        ...(isKubeadm(seen) ? ['kubeadm upgrade plan   # on a master; then kubeadm upgrade node on each of the others'] : []),
      ],
      risk: 'medium',
      needs: [{ text: 'a fresh snapshot of etcd is kept elsewhere', met: 'unknown' }],
      verify: ['kubectl ha-doctor --only api'],
    },
  ],
  avoid: () => ['upgrade kubelets before the API servers, or skip a minor version of the control plane'],
  reading: [skewPolicy],
  errors: ['no matches for kind', 'the server could not find the requested resource'],
});

interface Released {
  readonly what: string;
  readonly node: string;
  readonly release: string;
  readonly minor: number;
}

function release(text: string): { readonly release: string; readonly minor: number } {
  return { release: text, minor: minorOf(text) ?? 0 };
}

/** `v1.34.4-eks-1` -> 34. */
function minorOf(text: string): number | undefined {
  const minor = /^v?1\.(\d+)/.exec(text)?.[1];
  return minor === undefined ? undefined : Number(minor);
}

/** A cloud's controller manager has releases of its own. */
const controllers = ['kube-controller-manager', 'kube-scheduler'];

/** By the tag of the image; a digest tells nothing. */
function controllersOf(seen: Seen<'kube.control-plane-pods'>): readonly Released[] {
  const { pods } = seen.get('kube.control-plane-pods');
  return pods
    .filter((pod) => controllers.includes(pod.component))
    .flatMap((pod) => {
      const tag = /:(v?1\.\d+[^:/@]*)/.exec(pod.containers[0]?.image ?? '')?.[1];
      return tag === undefined ? [] : [{ what: pod.component, node: pod.node, ...release(tag) }];
    });
}

function kubeletsOf(seen: Seen<'kube.nodes'>): readonly Released[] {
  return seen
    .get('kube.nodes')
    .nodes.filter((node) => minorOf(node.kubeletVersion) !== undefined)
    .map((node) => ({ what: 'kubelet', node: node.name, ...release(node.kubeletVersion) }));
}

function isLocal(seen: Seen, node: string): boolean {
  return seen.topology.platform.kind === 'kubeadm' && seen.topology.masters.some((master) => master.subject.keys.node === node);
}

/** Thousands of kubelets may be wrong alike: a dozen show it. */
function shown(all: readonly Released[]) {
  return all.slice(0, 12).map(({ what, node, release: text }) => ({ what, node, release: text }));
}

function wordsFor(wrong: readonly Released[], asked: (one: Released) => number): Sentence {
  const [first] = wrong;
  const facts = { what: first?.what ?? '', node: first?.node ?? '', release: first?.release ?? '', count: wrong.length - 1 };
  if (first !== undefined && first.minor > asked(first)) {
    return wrong.length > 1
      ? say('{what} on {node} ({release}) and {count} more are newer than an API server', facts)
      : say('{what} on {node} ({release}) is newer than an API server', facts);
  }
  return wrong.length > 1
    ? say('{what} on {node} ({release}) and {count} more are too old for the API servers', facts)
    : say('{what} on {node} ({release}) is too old for the API servers', facts);
}

function restUnknown(seen: Seen, names: readonly string[]): MissingEvidence {
  const detail = `the release of the API server on ${names.join(', ')} is not known`;
  const host = seen.topology.masters.find((master) => master.subject.name === names[0])?.subject.id ?? '';
  return new MissingEvidence([
    {
      gap: 'failed',
      detail,
      howToGet: `kubectl --server https://${host} version`,
      id: 'api.release',
      subject: `apiserver/${host}`,
      through: `apiserver/${host}`,
    },
  ]);
}

function rowsName(rows: unknown, what: unknown, node: unknown): boolean {
  return Array.isArray(rows) && rows.some((row) => row.what === what && row.node === node);
}
