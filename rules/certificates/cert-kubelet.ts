// Can each kubelet log in for long enough, as its own node, and does it serve what verifying clients accept?
import { kubeletPlace, restartKubelet } from '../../src/judge/readings/kubelet-home.ts';
import { hasNoShell, talosctl } from '../../src/judge/readings/talosctl.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToRenew } from '../../src/judge/plans/renew-certificate.ts';
import {
  certificateNeeds,
  certificatePlaces,
  endOf,
  hasEnded,
  isSelfMade,
  lifetimeOf,
  type Leaf,
} from '../../src/judge/readings/certificate.ts';
import { covers, namesOn } from '../../src/judge/readings/certificate-names.ts';
import { endBySilence } from '../../src/judge/readings/silence.ts';
import { isReadyNode } from '../../src/judge/readings/node.ts';
import { serverNow } from '../../src/judge/readings/host-clock.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import type { Machine } from '../../src/model/topology.ts';
import { describeDuration } from '../../src/model/time.ts';

type Reason = 'identity' | 'rotation' | 'names';

interface Flaw {
  readonly reason: Reason;
  readonly words: Text;
  readonly leaf: Leaf;
}

export default defineRule({
  id: 'cert-kubelet',
  area: 'certificates',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: 'kubelet on {node}: {words}',
  healthy: 'kubelets log in and serve with good certificates',
  why: 'A kubelet renews its certificate by a request to the API; one that is not renewed costs the node on the day it ends.',
  shows: ['{node} {where}', '  {subject}', '  {words}'],
  folded: '{words}',
  needs: certificateNeeds,
  limits: {
    share: {
      value: 0.1,
      unit: 'of its lifetime',
      source: 'client-go renews when 70 to 90 % of it are over (util/certificate jitteryDuration)',
    },
  },
  reasons: ['identity', 'rotation', 'names'],
  subjects: (seen) =>
    seen.topology.machines.filter((machine) => machine.controlPlane || leavesOn(seen, machine).length > 0).map(({ subject }) => subject),
  judge: (seen, limits, subject) => {
    const machine = seen.topology.machines.find((one) => one.subject.id === subject.id);
    const leaves = machine === undefined ? [] : leavesOn(seen, machine);
    if (machine === undefined || leaves.length === 0) {
      seen.get('node.kubelet-port', subject);
      return endBySilence(
        'node.kubelet-port',
        subject,
        `the kubelet on ${subject.name} showed no certificate`,
        `run ha-doctor on ${subject.name}, as root`,
      );
    }
    const now = serverNow(seen);
    for (const { role, leaf } of leaves) {
      const isLogin = role === 'kubelet-client';
      const flaw = isLogin ? (identityFlaw(seen, leaf) ?? rotationFlaw(leaf, now.low, limits.share)) : namesFlaw(leaf, machine);
      if (flaw === undefined || hasEnded(leaf.certificate, now)) continue;
      const facts = {
        node: subject.name,
        where: leaf.where,
        subject: leaf.certificate.subject,
        words: flaw.words,
        role,
        kind: leaf.served ? 'served' : 'file',
      };
      return fail(facts, { reason: flaw.reason, group: role, witness: 'stated' });
    }
    if (leaves.every(({ role, leaf }) => role === 'kubelet-serving' && leaf.certificate.names.length === 0))
      return undecided('what it serves bears no names to judge', `run ha-doctor on ${subject.name}, as root`);
    const places = leaves.map(({ leaf }) => leaf.where).join(', ');
    if (leaves.some(({ role }) => role === 'kubelet-client')) return pass({ node: subject.name, seen: places });
    // Nobody else may write the state of its node: one that is Ready has been let in.
    if (isReadyNode(seen, subject.name))
      return pass({ node: subject.name, seen: places, note: 'its node is Ready, so its login is accepted' });
    return undecided('what it logs in with was not seen, and its node is not Ready', `run ha-doctor on ${subject.name}, as root`);
  },
  explains: [
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'a kubelet that logs in as somebody else may not write its node',
      when: ({ cause }) => (cause.reason === 'identity' ? 'yes' : 'no'),
      unproven: true,
    },
    { to: 'cert-leaf-expiring', kind: 'hints', on: 'node', because: 'a kubelet that does not renew its certificates lets them end' },
  ],
  fixes: planFor,
  avoid: () => ['approve a request for a serving certificate without looking who asks, and for which names'],
  reading: [
    'https://kubernetes.io/docs/reference/access-authn-authz/kubelet-tls-bootstrapping/',
    'https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/#kubelet-serving-certs',
  ],
  errors: ['is not allowed to modify node', 'certificate signing request was not signed', 'rotating certificates'],
});

interface KubeletLeaf {
  readonly role: 'kubelet-serving' | 'kubelet-client';
  readonly leaf: Leaf;
}

function leavesOn(seen: Seen<(typeof certificateNeeds)[number]>, machine: Machine): readonly KubeletLeaf[] {
  const own = certificatePlaces(seen).filter(({ subject }) => subject.name === machine.subject.id);
  return own.flatMap(({ role, leaves }) =>
    role === 'kubelet-serving' || role === 'kubelet-client' ? leaves.map((leaf) => ({ role, leaf })) : [],
  );
}

/** One that it made for itself names the machine as it knows itself; nobody verifies it. */
function namesFlaw(leaf: Leaf, { subject, host }: Machine): Flaw | undefined {
  const { certificate } = leaf;
  if (isSelfMade(certificate) || [subject.name, host].some((one) => one !== undefined && covers(certificate, one))) return undefined;
  return { reason: 'names', leaf, words: say('what it serves is made for {names}, not for this node', { names: namesOn(certificate) }) };
}

/** The name it logs in with has to be that of a node. */
function identityFlaw(seen: Seen<'kube.nodes'>, leaf: Leaf): Flaw | undefined {
  const nodes = seen.peek('kube.nodes');
  const name = /CN=system:node:([^,]+)/.exec(leaf.certificate.subject)?.[1];
  if (name === undefined)
    return { reason: 'identity', leaf, words: say('it logs in as {subject}, which is no node', { subject: leaf.certificate.subject }) };
  if (nodes?.state !== 'known' || nodes.value.nodes.some((one) => one.name === name)) return undefined;
  return { reason: 'identity', leaf, words: say('it logs in as node {name}, which the API does not have', { name }) };
}

function rotationFlaw(leaf: Leaf, now: number, share: number): Flaw | undefined {
  const left = endOf(leaf.certificate) - now;
  if (left > lifetimeOf(leaf.certificate) * share) return undefined;
  return {
    reason: 'rotation',
    leaf,
    words: say('its login ends in {left} and should have been renewed by now', { left: describeDuration(left) }),
  };
}

function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.flatMap(({ facts, subject, reason }): readonly Fix[] => {
    const look: Fix = {
      do: say('See whether the kubelet on {node} asks, and whether anybody answers', { node: subject.name }),
      where: 'here',
      run: [
        'kubectl get csr --sort-by=.metadata.creationTimestamp',
        `kubectl get csr -o wide | grep ${shellWord(`system:node:${subject.name}`)}`,
      ],
      risk: 'none',
      needs: [],
      verify: [],
    };
    if (reason === 'rotation' || reason === 'names') {
      const run = [
        hasNoShell(seen)
          ? talosctl(seen, subject.name, 'get kubeletspec -o yaml')
          : 'grep -E "rotateCertificates|serverTLSBootstrap" /var/lib/kubelet/config.yaml',
        `${restartKubelet(seen, subject.name)}   # it asks again at its start`,
      ];
      return [
        look,
        {
          do: say('Let the kubelet on {node} ask again', { node: subject.name }),
          where: kubeletPlace(seen, subject.name),
          run,
          risk: 'low',
          needs: [],
          verify: ['kubectl get csr'],
        },
      ];
    }
    return planToRenew({ ...facts, where: String(facts['where']) }, verdicts.length > 1, seen);
  });
}
