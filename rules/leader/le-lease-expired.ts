// Does somebody renew the lease of each controller?
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { candidatesOf, isListedNowhere, startingLimit } from '../../src/judge/readings/component.ts';
import { electsNowhere } from '../../src/judge/readings/election.ts';
import { holderNode, isLeftOver, leaseSubjects, namedSubjects, readLeaseOf } from '../../src/judge/readings/lease.ts';
import { getLeaseOf } from '../../src/judge/readings/lease-place.ts';
import { renewalOf } from '../../src/judge/readings/moments.ts';
import { nodeLimits } from '../../src/judge/readings/node.ts';
import { planForLeftOver, planToHaveOneLead } from './plans/have-one-lead.ts';

export default defineRule({
  id: 'le-lease-expired',
  area: 'leader',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 5,
  title: 'nobody leads {component}: its lease was last renewed {age} ago',
  healthy: 'the leases of controller manager and scheduler are held',
  why: 'While nobody leads {component}, {stops}. Running Pods keep running.',
  shows: ['{component}  held by {holder}, renewed {age} ago, lasts {duration} s', '  by {by}', 'if gone:   {gone}'],
  folded: '{component} not renewed for {age}',
  needs: [
    'kube.leases',
    'kube.named-leases',
    'kube.old-locks',
    'api.ready',
    'etcd.clock',
    'kube.control-plane-pods',
    'kube.nodes',
    'kube.node-leases',
    'here.files',
  ],
  limits: { ...nodeLimits, starting: startingLimit },
  reasons: ['left-over'],
  subjects: (seen) => [...leaseSubjects(seen), ...namedSubjects(seen)],
  judge: (seen, limits, subject) => {
    if (electsNowhere(seen, subject.name)) return notApplicable(`${subject.name} runs without leader election`);
    const reading = readLeaseOf(seen, subject, limits);
    const look = `${getLeaseOf(seen, subject)} -o jsonpath='{.spec}'   # twice, 20 s apart`;
    if (reading.kind === 'absent') return notApplicable('there is no such lease in kube-system: le-lease-missing speaks of that');
    if (reading.kind === 'undecided' && seen.topology.platform.kind === 'managed')
      return notApplicable('the provider runs the controllers, and nobody sees the clocks they write with');
    if (reading.kind === 'undecided') return undecided(reading.detail, `--deep, or ${look}`);
    const { lease } = reading;
    const holder = lease.holder === '' ? 'nobody' : lease.holder;
    const age = describeDuration(reading.age.low);
    if (reading.kind === 'held') return pass({ component: subject.name, holder, node: holderNode(seen, lease.holder) ?? holder });
    const facts = {
      component: subject.name,
      holder,
      age,
      seconds: Math.floor(reading.age.low / 1000),
      duration: lease.durationSeconds,
      stops: stops[subject.name] ?? 'its controllers stand still',
      by: reading.watched ? 'two looks between which it did not move' : 'the clocks of the cluster, not this machine’s',
    };
    const last = say('last renewal of the lease of {component}', { component: subject.name });
    const isNamed = subject.name.includes('/');
    const { clock } = isNamed ? seen.get('kube.named-leases') : seen.get('kube.leases');
    const moments = renewalOf(seen, lease.renewedAt, clock, holderNode(seen, lease.holder), last);
    const witness = reading.watched ? 'agreed' : 'stated';
    if (isLeftOver(seen, subject.name, reading)) {
      const gone = 'nobody is meant to hold it: no instance of it is listed, and not every cluster has one';
      return fail({ ...facts, gone }, { reason: 'left-over', severity: 'info', impact: 'at-risk', witness, moments });
    }
    // Who else could hold a lease that somebody named is not known.
    const supports = isNamed ? [] : candidatesOf(seen, subject.name, limits);
    const gone = isListedNowhere(seen, subject.name) ? { gone: 'no instance of it is listed on any node' } : {};
    return fail({ ...facts, ...gone }, { witness, moments, supports });
  },
  explains: [],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap((verdict) =>
      verdict.reason === 'left-over' ? planForLeftOver(seen, String(verdict.facts['component'])) : planToHaveOneLead(seen, verdict),
    ),
  avoid: () => [
    'delete the lease before the reason is known: it is made again, and the reason stays',
    'lengthen the lease to hide a slow API',
  ],
  reading: ['https://kubernetes.io/docs/concepts/architecture/leases/#leader-election'],
  errors: [
    'failed to renew lease kube-system/kube-controller-manager',
    'failed to renew lease kube-system/kube-scheduler',
    'error retrieving resource lock kube-system/kube-scheduler',
    'leaderelection lost',
  ],
});

const stops: Readonly<Record<string, string>> = {
  'kube-controller-manager': 'no Deployment, Job or Node is looked after: nothing is healed, scaled or moved',
  'kube-scheduler': 'new Pods stay Pending',
  'cloud-controller-manager': 'no load balancer, route or node of the cloud is looked after',
};
