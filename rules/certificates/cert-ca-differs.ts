// Do all machines hold, and use, the same authorities?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToTakeAuthority } from '../../src/judge/plans/take-authority.ts';
import { type AuthorityHolder, authorityHolders, holderSubjects } from '../../src/judge/readings/authority-holders.ts';
import { certificateNeeds } from '../../src/judge/readings/certificate.ts';
import { reachesEtcd } from '../../src/judge/readings/certificate-gates.ts';
import { type Authority, authorities, describeRole, nameOfAuthority } from '../../src/judge/readings/certificate-role.ts';
import { type Side, sideOf } from '../../src/judge/readings/odd-one.ts';
import type { Cause, Certainty, Fix, Link, Seen } from '../../src/model/rule.ts';

export default defineRule({
  id: 'cert-ca-differs',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: '{node} has another {name} authority than {others}',
  healthy: 'all machines have the same authorities',
  why: 'What one side signs the other refuses. It happens when a machine was set up by its own kubeadm init, or got half of a rotation.',
  shows: ['{node}  {how} {own}', '{others}  {how} {theirs}'],
  folded: 'another {name} authority',
  needs: certificateNeeds,
  limits: {},
  reasons: ['files', 'served'],
  subjects: (seen) => authorities.flatMap((authority) => holderSubjects(seen, authority)),
  judge: (seen, _limits, subject) => {
    const authority = subject.id.slice(subject.id.lastIndexOf('/') + 1) as Authority;
    const holders = authorityHolders(seen, authority);
    const own = holders.find(({ node }) => node === subject.name);
    if (own === undefined || holders.length < 2) return notApplicable('there is one such machine only');
    const name = nameOfAuthority(authority);
    const others = holders.filter((one) => one !== own);
    for (const [reason, keyOf, how] of ways) {
      const odd = oddOne(own, others, keyOf);
      if (odd === undefined) continue;
      const facts = { node: own.node, name, others: odd.holders.map(({ node }) => node).join(', '), authority, how, side: odd.side };
      return fail(
        { ...facts, own: short(keyOf(own)), theirs: short(keyOf(odd.holders[0])) },
        { reason, group: authority, witness: 'stated' },
      );
    }
    if (!ways.some(([, keyOf]) => keyOf(own) !== undefined && others.some((one) => keyOf(one) !== undefined)))
      return undecided(`nobody saw which ${name} authority ${own.node} and another machine have`, 'run ha-doctor on each master, as root');
    return pass({ node: own.node, name });
  },
  explains: [
    {
      to: 'cert-chain-invalid',
      kind: 'causes',
      on: 'node',
      because: 'what another authority signed is refused by those that hold the right one',
      produces: ['signature'],
      when: ({ cause, effect }) => (describeRole(effect.group ?? '').authority === cause.group ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'clients refuse what another authority signed',
      produces: ['untrusted'],
      when: of('ca'),
      unproven: true,
    },
    {
      to: 'etcd-partition',
      kind: 'causes',
      on: 'node',
      because: 'members that hold different authorities refuse each other',
      when: of('etcd-ca'),
      unproven: true,
    },
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'node',
      because: 'the API server and the member beside it hold different authorities',
      when: (link, seen) => (of('etcd-ca')(link) === 'yes' ? reachesEtcd('etcd-ca')(link, seen) : 'no'),
      unproven: true,
    },
    {
      to: 'api-credential-rejected',
      kind: 'hints',
      on: 'cluster',
      because: 'a client certificate is accepted only where its authority is held',
    },
  ],
  fixes: planFor,
  avoid: () => ['leave copies of ca.key lying about, or send it in a ticket', 'make the leaves anew before the authorities are equal'],
  reading: ['https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/#manual-certs'],
  errors: ['x509: certificate signed by unknown authority', 'crypto/rsa: verification error'],
});

type Way = readonly ['files' | 'served', (holder: AuthorityHolder | undefined) => readonly string[] | undefined, string];

const ways: readonly Way[] = [
  ['files', (holder) => holder?.files, 'holds, by sha256'],
  ['served', (holder) => (holder?.servedBy === undefined ? undefined : [holder.servedBy]), 'serves what is signed by key'],
];

/** The machines it differs from, unless most agree with it; machines with one authority in common agree. */
function oddOne(own: AuthorityHolder, others: readonly AuthorityHolder[], keyOf: Way[1]): Odd | undefined {
  const mine = keyOf(own);
  const known = others.filter((one) => keyOf(one) !== undefined);
  if (mine === undefined) return undefined;
  const odd = known.filter((one) => !keyOf(one)?.some((key) => mine.includes(key)));
  const side = sideOf({ others: known.length, different: odd.length });
  return side === 'most' ? undefined : { holders: odd, side };
}

interface Odd {
  readonly holders: readonly AuthorityHolder[];
  readonly side: Side;
}

function short(keys: readonly string[] | undefined): string {
  return (keys ?? []).map((key) => key.slice(0, 16)).join(', ');
}

function of(authority: Authority): (link: Link) => Certainty {
  return ({ cause }) => (cause.group === authority ? 'yes' : 'no');
}

function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.flatMap(({ facts, subject }) => {
    const [from = ''] = String(facts['others']).split(', ');
    const plan = planToTakeAuthority(seen, { node: subject.name, from, authority: facts['authority'] as Authority });
    // Two halves that follow each other's plan would only change places.
    return facts['side'] === 'even' ? plan.slice(0, 1) : plan;
  });
}
