// Is a certificate about to end?
import { defineRule, fail, notApplicable, pass } from '../../src/judge/define-rule.ts';
import { planToRenew } from '../../src/judge/plans/renew-certificate.ts';
import {
  certificateNeeds,
  certificateSubjects,
  endOf,
  hasEnded,
  isSelfMade,
  type Leaf,
  lifetimeOf,
  lookAt,
  type Place,
} from '../../src/judge/readings/certificate.ts';
import { describeRole, isUnverified } from '../../src/judge/readings/certificate-role.ts';
import { describeLeaf } from '../../src/judge/readings/certificate-words.ts';
import { type ServerNow, serverNow } from '../../src/judge/readings/host-clock.ts';
import { endUnseenLogins, unseenLoginSubjects } from '../../src/judge/readings/unseen-logins.ts';
import type { Severity } from '../../src/model/verdict.ts';
import { describeDuration, describeMoment } from '../../src/model/time.ts';

const day = 86_400_000;
const thresholds =
  'kubernetes-mixin warns at 7 days and 1 (rules/kube_apiserver.libsonnet); tightened, for kubeadm renews nothing by itself';

export default defineRule({
  id: 'cert-leaf-expiring',
  area: 'certificates',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  final: true,
  title: 'the {name} certificate of {node} ends in {left}',
  healthy: 'no certificate ends soon',
  why: 'From that moment whoever verifies it refuses every new connection, at all masters within minutes where they were set up together.',
  shows: ['{node} {where}  role {role}', '  serial {serial}  sha256 {sha256}', '  ends {ends}, in {left} by {by}', 'if others: {others}'],
  folded: '{name} certificate ends in {left}',
  needs: certificateNeeds,
  limits: {
    critical: { value: 7, unit: 'days', source: thresholds },
    warning: { value: 30, unit: 'days', source: 'convention: a month to plan a renewal in' },
    notice: { value: 90, unit: 'days', source: 'k3s and RKE2 renew at a restart within this time (docs.k3s.io/cli/certificate)' },
    usual: { value: 365, unit: 'days', source: 'kubeadm constants.CertificateValidityPeriod; the steps shrink with shorter lifetimes' },
    apart: { value: 30, unit: 'days', source: 'convention: masters renewed together end within days of each other' },
  },
  reasons: ['ending', 'uneven'],
  subjects: (seen) => [...certificateSubjects(seen), ...unseenLoginSubjects(seen)],
  judge: (seen, limits, subject) => {
    endUnseenLogins(seen, subject);
    const { place, leaves, places } = lookAt(seen, subject);
    const now = serverNow(seen);
    const [first] = leaves.filter((leaf) => !hasEnded(leaf.certificate, now)).sort(byEnd);
    if (first === undefined) return notApplicable('it has ended already');
    if (place.role === 'kubelet-client') return notApplicable('the rule about kubelets judges it');
    const facts = factsOf(place, first, now);
    const step = stepOf(first, endOf(first.certificate) - now.low, limits);
    const witness = now.whose === 'servers' ? ('stated' as const) : ('measured' as const);
    if (step !== undefined) {
      const severity = isUnverified(place.role) && isSelfMade(first.certificate) ? 'info' : milder(step, describeRole(place.role).severity);
      return fail({ ...facts, others: '' }, { reason: 'ending', severity, group: place.role, witness });
    }
    const ahead = longestOf(place, places, now);
    if (ahead !== undefined && endOf(ahead.leaf.certificate) - endOf(first.certificate) > limits.apart * day) {
      const others = `${ahead.place.subject.name}: until ${describeMoment(ahead.leaf.certificate.notAfter)}`;
      return fail({ ...facts, others }, { reason: 'uneven', severity: 'info', group: place.role, witness });
    }
    return pass({ node: subject.name, role: place.role, left: facts.left });
  },
  explains: [],
  fixes: (cause, seen) => cause.verdicts.flatMap((verdict) => planToRenew(verdict.facts, cause.verdicts.length > 1, seen)),
  avoid: ({ verdicts }) => (verdicts.length > 1 ? ['renew on two machines at once: one, then look, then the next'] : []),
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/'],
});

function byEnd(one: Leaf, other: Leaf): number {
  return endOf(one.certificate) - endOf(other.certificate);
}

function factsOf(place: Place, leaf: Leaf, now: ServerNow) {
  const left = describeDuration(endOf(leaf.certificate) - now.low);
  return { ...describeLeaf(place, leaf), ends: describeMoment(leaf.certificate.notAfter), left, by: now.by };
}

/** A certificate that was made for days is not about to end because it has days left. */
function stepOf(
  leaf: Leaf,
  left: number,
  limits: Readonly<Record<'critical' | 'warning' | 'notice' | 'usual', number>>,
): Severity | undefined {
  const share = Math.min(1, lifetimeOf(leaf.certificate) / (limits.usual * day));
  if (left <= limits.critical * day * share) return 'critical';
  if (left <= limits.warning * day * share) return 'warning';
  return left <= limits.notice * day * share ? 'info' : undefined;
}

const order: readonly Severity[] = ['info', 'warning', 'critical'];

function milder(one: Severity, other: Severity): Severity {
  return order.indexOf(one) < order.indexOf(other) ? one : other;
}

interface Lasting {
  readonly place: Place;
  readonly leaf: Leaf;
}

/** Of one way of being seen and one role, in one list of places. */
const longestBefore = new WeakMap<readonly Place[], Map<string, readonly Lasting[]>>();

/**
 * The certificate of the same role on another machine that lasts longest: seen in the same way, so that a file is not
 * compared with what is served.
 */
function longestOf(place: Place, places: readonly Place[], now: ServerNow): Lasting | undefined {
  const served = place.leaves.some((leaf) => leaf.served);
  const found = longestBefore.get(places) ?? new Map<string, readonly Lasting[]>();
  longestBefore.set(places, found);
  const key = `${place.role} ${served}`;
  const two = found.get(key) ?? twoLongest(place.role, served, places);
  found.set(key, two);
  return two.find((one) => one.place.subject.id !== place.subject.id && !hasEnded(one.leaf.certificate, now));
}

/** The one that lasts longest, and the next of another place, for the first itself. */
function twoLongest(role: string, served: boolean, places: readonly Place[]): readonly Lasting[] {
  const all = places
    .filter((one) => one.role === role)
    .flatMap((place) => {
      const [leaf] = place.leaves.filter((one) => one.served === served).sort((one, other) => byEnd(other, one));
      return leaf === undefined ? [] : [{ place, leaf }];
    });
  return all.sort((one, other) => byEnd(other.leaf, one.leaf)).slice(0, 2);
}
