// Does every API server keep its own identity lease alive?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { masterOf, mastersOf, readApiServer, servesClients } from '../../src/judge/readings/api-server.ts';
import { clockOn } from '../../src/judge/readings/host-clock.ts';
import { renewalOf } from '../../src/judge/readings/moments.ts';
import { renewalAge } from '../../src/judge/readings/lease.ts';
import type { LeaseSeen } from '../../src/model/kubernetes.ts';
import type { Seen } from '../../src/model/rule.ts';
import { type Sentence, say } from '../../src/model/sentence.ts';
import type { Subject } from '../../src/model/subject.ts';

export default defineRule({
  id: 'api-identity-lease',
  area: 'apiserver',
  since: '0.2.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 3,
  title: 'the API server on {node} {words}',
  healthy: 'every API server renews an identity lease of its own',
  why: 'Storage migration and the choice between API servers of two releases count these leases; two servers that share one look like one.',
  shows: ['{node}  {words}', 'if lease: {lease}  held by {holder}'],
  folded: '{words}',
  needs: ['kube.leases', 'api.ready', 'kube.nodes', 'etcd.clock'],
  limits: {
    renewal: { value: 60, unit: 's', source: 'k8s.io/kubernetes pkg/controlplane/apiserver/server.go: renewed every 10 s; six missed' },
    unknownSkew: {
      value: 60,
      unit: 's',
      source: 'the skew that clock-apiserver-skew calls critical, assumed of a clock nobody could read',
    },
  },
  reasons: ['missing', 'expired', 'collision'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    const leases = identityLeases(seen);
    if (leases.length === 0) return notApplicable('this release keeps no identity leases (they came with 1.26)');
    const master = masterOf(seen, subject);
    const serves = servesClients(readApiServer(seen, master));
    const own = ownLease(leases, subject);
    const node = subject.name;
    if (own === undefined) {
      if (!serves) return pass({ node, note: 'it does not serve, and no lease says that it does' });
      const sharers = mastersOf(seen).length > leases.length;
      if (!sharers) return undecided(`no identity lease carries the name ${node}: it may be known there by another one`, look);
      return fail(
        { node, words: say('serves without an identity lease: its host name may be another one’s too') },
        { reason: 'collision', witness: 'measured' },
      );
    }
    const facts = { node, lease: own.name, holder: own.holder };
    const moved = renewals(seen, own);
    if (moved.holders > 1) {
      const words: Sentence = say('shares its identity lease with another one: two host names are equal');
      return fail({ ...facts, words }, { reason: 'collision', witness: 'agreed' });
    }
    if (moved.renewed) return pass({ node });
    const { clock } = seen.get('kube.leases');
    if (own.renewedAt === undefined || clock === undefined) return undecided(`when the lease of ${node} was renewed is not said`, look);
    const age = renewalAge(own.renewedAt, clock, clockOn(seen, node), limits.unknownSkew * 1000);
    if (age.low > limits.renewal * 1000) {
      const words = say('has not renewed its identity lease for {age}', { age: describeDuration(age.low) });
      const last = say('last renewal of the identity lease of {node}', { node });
      const moments = renewalOf(seen, own.renewedAt, clock, node, last);
      return fail({ ...facts, words }, { reason: 'expired', witness: 'stated', moments });
    }
    if (age.high <= limits.renewal * 1000) return pass({ node });
    return undecided(
      `the lease of ${node} was renewed ${Math.max(0, Math.floor(age.low / 1000))} to ${Math.ceil(age.high / 1000)} s ago`,
      '--deep',
    );
  },
  explains: [
    { to: 'api-endpoints-mismatch', kind: 'hints', on: 'node', because: 'one that does not renew here does not renew its endpoint either' },
  ],
  fixes: ({ facts }) => [
    {
      do: 'See whose lease is whose; one of a server that is gone needs nothing, it goes by itself within an hour or two',
      where: 'here',
      run: [look],
      risk: 'none',
      needs: [],
      verify: [],
    },
    {
      do: 'Where two machines have one host name, give each its own',
      where: String(facts['node']),
      run: ['hostname; cat /etc/hostname /etc/machine-id'],
      risk: 'none',
      needs: [],
      verify: [`${look}   # one lease for each API server, all renewed`],
    },
  ],
  avoid: () => ['delete an identity lease by hand: a living server makes it again, a dead one’s goes by itself'],
  reading: ['https://kubernetes.io/docs/concepts/architecture/leases/#api-server-identity'],
});

const look =
  "kubectl -n kube-system get lease -l apiserver.kubernetes.io/identity=kube-apiserver -o custom-columns='NAME:.metadata.name,HOST:.metadata.labels.kubernetes\\.io/hostname,HOLDER:.spec.holderIdentity,RENEWED:.spec.renewTime'";

function identityLeases(seen: Seen<'kube.leases'>): readonly LeaseSeen[] {
  return seen
    .get('kube.leases')
    .leases.filter((lease) => lease.namespace === 'kube-system' && lease.labels['apiserver.kubernetes.io/identity'] === 'kube-apiserver');
}

/** The host name in the label is the node's, or begins like it. Of several the one renewed last is in use. */
function ownLease(leases: readonly LeaseSeen[], subject: Subject): LeaseSeen | undefined {
  const host = subject.keys.node ?? subject.name;
  const of = (test: (name: string) => boolean): LeaseSeen | undefined =>
    leases
      .filter((lease) => test(lease.labels['kubernetes.io/hostname'] ?? ''))
      .sort((one, other) => (other.renewedAt ?? 0) - (one.renewedAt ?? 0))[0];
  return of((name) => name === host) ?? of((name) => name.split('.')[0] === host.split('.')[0]);
}

/** What several looks say about it: whether it moved on, and how many took turns in holding it. */
function renewals(seen: Seen<'kube.leases'>, own: LeaseSeen): { readonly renewed: boolean; readonly holders: number } {
  const looks = seen.samples('kube.leases').flatMap((known) => known.value.leases.filter((lease) => lease.name === own.name));
  const turns = looks.map((lease) => lease.holder).filter((holder, index, all) => index === 0 || holder !== all[index - 1]);
  const again = turns.length - new Set(turns).size;
  return { renewed: new Set(looks.map((lease) => lease.renewedAt)).size > 1, holders: again > 0 ? 2 : 1 };
}
