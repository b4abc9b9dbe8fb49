// Does somebody renew the lease of each controller?
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { candidatesOf, startingLimit } from '../../src/judge/readings/component.ts';
import { electsNowhere } from '../../src/judge/readings/election.ts';
import { holderNode, leaseSubjects, namedSubjects, readLeaseOf } from '../../src/judge/readings/lease.ts';
import { renewalOf } from '../../src/judge/readings/moments.ts';
import { nodeLimits } from '../../src/judge/readings/node.ts';
import type { Cause, Fix } from '../../src/model/rule.ts';

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
  shows: ['{component}  held by {holder}, renewed {age} ago, lasts {duration} s', '  by {by}'],
  folded: '{component} not renewed for {age}',
  needs: [
    'kube.leases',
    'kube.named-leases',
    'api.ready',
    'etcd.clock',
    'kube.control-plane-pods',
    'kube.nodes',
    'kube.node-leases',
    'here.files',
  ],
  limits: { ...nodeLimits, starting: startingLimit },
  reasons: [],
  subjects: (seen) => [...leaseSubjects(seen), ...namedSubjects(seen)],
  judge: (seen, limits, subject) => {
    if (electsNowhere(seen, subject.name)) return notApplicable(`${subject.name} runs without leader election`);
    const reading = readLeaseOf(seen, subject, limits);
    const [namespace = '', , name = ''] = subject.id.split('/');
    const look = `kubectl -n ${shellWord(namespace)} get lease ${shellWord(name)} -o jsonpath='{.spec}'   # twice, 20 s apart`;
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
    // Who else could hold a lease that somebody named is not known.
    const supports = isNamed ? [] : candidatesOf(seen, subject.name, limits);
    return fail(facts, { witness: reading.watched ? 'agreed' : 'stated', moments, supports });
  },
  explains: [],
  fixes: (cause) => cause.verdicts.flatMap((verdict) => planFor(verdict.facts, verdict.supports ?? [])),
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

function planFor(facts: Cause['facts'], supports: readonly { readonly name: string; readonly state: string }[]): readonly Fix[] {
  const component = String(facts['component']);
  const able = supports.filter((one) => one.state === 'good');
  const node = (able[0] ?? supports[0])?.name;
  if (node === undefined) return [];
  const logs = `kubectl -n kube-system logs ${shellWord(`${component}-${node}`)} --tail=50 | grep -iE 'lease|leaderelection|forbidden|x509|refused'`;
  const look: Fix = {
    do: say('See what keeps {component} on {node} from renewing', { component, node }),
    where: 'here',
    run: [logs],
    risk: 'none',
    needs: [],
    verify: [],
  };
  const allGood = supports.length > 0 && able.length === supports.length;
  const lastRenewal = Number(facts['seconds']);
  if (!allGood || lastRenewal < 60) return [look];
  return [
    look,
    {
      do: say('Only if every instance runs and still none takes it: delete the lease of {component}', { component }),
      where: 'here',
      run: [`kubectl -n kube-system delete lease ${shellWord(component)}`],
      risk: 'low',
      needs: [
        { text: say('all {supportsCount} candidates can work', { supportsCount: supports.length }), met: 'yes' },
        { text: 'not renewed for 60 s', met: 'yes' },
        { text: 'the API takes writes', met: 'unknown' },
      ],
      verify: [`kubectl -n kube-system get lease ${shellWord(component)}   # a new holder within 20 s`],
    },
  ];
}
