// Can each kubelet log in for long enough, as its own node, and does it serve what verifying clients accept?
import { kubeletUnit, renewsAtStart } from '../../src/judge/readings/kubelet-home.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToAskAgain } from '../../src/judge/plans/ask-again.ts';
import { planToRenew } from '../../src/judge/plans/renew-certificate.ts';
import {
  certificateNeeds,
  endOf,
  hasEnded,
  isSelfMade,
  lifetimeOf,
  type Leaf,
  placesOn,
  shareOf,
} from '../../src/judge/readings/certificate.ts';
import { covers, namesOn } from '../../src/judge/readings/certificate-names.ts';
import { endBySilence } from '../../src/judge/readings/silence.ts';
import { isReadyNode } from '../../src/judge/readings/node.ts';
import { serverNow } from '../../src/judge/readings/host-clock.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import type { Machine } from '../../src/model/topology.ts';
import { describeDuration } from '../../src/model/time.ts';

const day = 86_400_000;

type Reason = 'identity' | 'rotation' | 'names';

interface Flaw {
  readonly reason: Reason;
  /** Where it is not the rule's own. */
  readonly severity?: 'critical';
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
  why: 'A kubelet renews its certificate by a request to the API, on k3s and RKE2 at its start; one that is not renewed costs the node on the day it ends.',
  shows: ['{node} {where}', '  {subject}', '  {words}'],
  folded: '{words}',
  needs: certificateNeeds,
  limits: {
    share: {
      value: 0.1,
      unit: 'of its lifetime',
      source: 'client-go renews when 70 to 90 % of it are over (util/certificate jitteryDuration)',
    },
    critical: {
      value: 1,
      unit: 'days',
      source: 'convention: whoever is paged has to be there before the node is lost; it shrinks with lifetimes below a year',
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
      const flaw = isLogin
        ? (identityFlaw(seen, leaf) ?? rotationFlaw(seen, subject.name, leaf, endOf(leaf.certificate) - now.low, limits))
        : namesFlaw(leaf, machine);
      if (flaw === undefined || hasEnded(leaf.certificate, now)) continue;
      const facts = {
        node: subject.name,
        where: leaf.where,
        subject: leaf.certificate.subject,
        words: flaw.words,
        role,
        kind: leaf.served ? 'served' : 'file',
      };
      const severity = flaw.severity === undefined ? {} : { severity: flaw.severity };
      return fail(facts, { reason: flaw.reason, ...severity, group: role, witness: 'stated' });
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
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ facts, subject, reason }) =>
      reason === 'identity' ? planToRenew(facts, verdicts.length > 1, seen) : planToAskAgain(seen, subject.name),
    ),
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
  return placesOn(seen, machine.subject.id).flatMap(({ role, leaves }) =>
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

/** @param left milliseconds */
function rotationFlaw(
  seen: Seen,
  node: string,
  leaf: Leaf,
  left: number,
  limits: Readonly<Record<'share' | 'critical', number>>,
): Flaw | undefined {
  if (left > lifetimeOf(leaf.certificate) * limits.share) return undefined;
  const isNear = left <= limits.critical * day * shareOf(lifetimeOf(leaf.certificate));
  const ends = describeDuration(left);
  const words = renewsAtStart(seen)
    ? say('its login ends in {left}, and only a restart of {unit} renews it', { left: ends, unit: kubeletUnit(seen, node) })
    : say('its login ends in {left} and should have been renewed by now', { left: ends });
  return { reason: 'rotation', leaf, words, ...(isNear && { severity: 'critical' }) };
}
