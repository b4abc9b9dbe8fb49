// Do the etcd members name the same leader?
import { joinAddress } from '../../src/model/address.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, notSampled, pass } from '../../src/judge/define-rule.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { metricsOf } from '../../src/judge/readings/member-words.ts';
import { couldNotAsk, namesOf } from '../../src/judge/readings/voters.ts';
import type { Seen } from '../../src/model/rule.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Member } from '../../src/model/topology.ts';
import type { Support } from '../../src/model/verdict.ts';

type Needs = 'etcd.status' | 'etcd.metrics' | 'etcd.members';

/** What one member says about leader and term in one look. */
interface Claim {
  readonly member: Member;
  readonly leader: string;
  readonly term: string;
  readonly cluster: string;
}

export default defineRule({
  id: 'etcd-leader-disagreement',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 2,
  title: 'etcd members name different leaders: {words}',
  healthy: 'the etcd members name one leader',
  why: 'One raft group never has two leaders in a term: the members belong to different clusters, or some live in the past.',
  shows: ['each claims: {name}  leader {leader}  term {term}  cluster {cluster}'],
  folded: '{words}',
  needs: ['etcd.status', 'etcd.metrics', 'etcd.members'],
  limits: {
    answers: { value: 2, unit: 'members that must answer', source: 'a single view cannot disagree' },
  },
  reasons: ['same-term', 'terms', 'two-leaders'],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const members = membersOf(seen);
    if (members.length < limits.answers) return notApplicable('a single member cannot disagree');
    const looks = looksOf(seen, members);
    const newest = looks.at(-1);
    if (newest === undefined || newest.answers < limits.answers) return byCounters(seen, members);
    const { claims } = newest;
    if (claims.length === 0) return notApplicable('nobody names a leader, which is worse');
    const split = looks.map((look) => look.claims).find((one) => disagreeInTerm(one));
    if (split !== undefined) return disagreement(split, 'same-term', 'two leaders in one term');
    if (new Set(claims.map((claim) => claim.term)).size === 1)
      return pass({ leader: claims[0]?.leader ?? '', term: claims[0]?.term ?? '' });
    // Between two answers an election may have passed; only a spread that stays is one.
    if (looks.length < 2) return notSampled();
    if (looks.some((look) => new Set(look.claims.map((claim) => claim.term)).size < 2)) return pass({ leader: '', term: 'settling' });
    return disagreement(claims, 'terms', 'they live in different terms');
  },
  explains: [
    { to: 'api-5xx-ratio', kind: 'causes', on: 'cluster', because: 'API servers read different data, or none', unproven: true },
    { to: 'etcd-lag', kind: 'causes', on: 'cluster', because: 'members of different leaders hold different logs', unproven: true },
  ],
  fixes: (_cause, seen) => [
    {
      do: 'See which members share a cluster id; the odd one was restored or started into a cluster of its own',
      where: 'here',
      run: [
        `etcdctl --endpoints ${shellWord(endpoints(seen))} endpoint status -w json | grep -oE '"(Endpoint|cluster_id|leader|raft_term)":[^,}]*'`,
      ],
      risk: 'none',
      needs: [],
      verify: [`etcdctl --endpoints ${shellWord(endpoints(seen))} endpoint status -w table   # one leader, one term`],
    },
  ],
  avoid: () => ['member remove, restore: first find out which members hold the data the API servers use'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/failures/', 'https://etcd.io/docs/v3.6/op-guide/recovery/'],
  errors: ['request cluster ID mismatch', 'etcdserver: cluster ID mismatch'],
});

interface Look {
  readonly answers: number;
  readonly claims: readonly Claim[];
}

/** What all members said in the first look, the second, and so on. */
function looksOf(seen: Seen<Needs>, members: readonly Member[]): readonly Look[] {
  const all = members.flatMap((member) => {
    if (seen.peek('etcd.status', member.subject)?.state !== 'known') return [];
    return seen.samples('etcd.status', member.subject).map((sample) => ({ member, ...sample }));
  });
  const numbers = [...new Set(all.map((one) => one.sample))].sort((one, other) => one - other);
  return numbers.map((number) => {
    const answered = all.flatMap(({ member, sample, value }) =>
      sample === number && value.kind === 'answered' ? [{ member, value }] : [],
    );
    const claims = answered.flatMap(({ member, value }) =>
      value.leaderId === undefined ? [] : [{ member, leader: value.leaderId, term: value.term, cluster: value.clusterId }],
    );
    return { answers: answered.length, claims };
  });
}

function disagreeInTerm(claims: readonly Claim[]): boolean {
  return claims.some((one) => claims.some((other) => other.term === one.term && other.leader !== one.leader));
}

function disagreement(claims: readonly Claim[], reason: 'same-term' | 'terms', words: string) {
  const clusters = new Set(claims.map((claim) => claim.cluster)).size;
  const rows = claims.map(({ member, leader, term, cluster }) => ({ name: member.subject.name, leader, term, cluster }));
  const facts = { words: clusters > 1 ? say('they belong to {clusters} different clusters', { clusters }) : words, claims: rows };
  const supports = supportsFor(claims, (claim) => `${claim.leader} ${claim.term}`);
  return fail(facts, { reason, severity: reason === 'terms' ? 'warning' : 'critical', witness: 'stated', supports });
}

/** Those who hold the view that most hold are good; with no such view all of them are in doubt. */
function supportsFor(claims: readonly Claim[], view: (claim: Claim) => string): readonly Support[] {
  const holders = (claim: Claim) => claims.filter((other) => view(other) === view(claim)).length;
  const most = Math.max(...claims.map(holders));
  const settled = new Set(claims.filter((claim) => holders(claim) === most).map(view)).size === 1;
  return claims.map((claim) => ({
    name: claim.member.subject.name,
    keys: claim.member.subject.keys,
    state: settled && holders(claim) === most ? 'good' : 'lost',
  }));
}

/** Without status answers: who calls itself the leader? Counters tell no term, so two may be the moment of a transfer. */
function byCounters(seen: Seen<Needs>, members: readonly Member[]) {
  const led = members.filter((member) => metricsOf(seen, member)?.value.hasLeader === true);
  const leaders = led.filter((member) => metricsOf(seen, member)?.value.isLeader === true);
  if (leaders.length > 1) {
    const claims = leaders.map((member) => ({ name: member.subject.name, leader: 'itself', term: '?', cluster: '?' }));
    const supports = leaders.map((member): Support => ({ name: member.subject.name, keys: member.subject.keys, state: 'lost' }));
    return fail(
      { words: say('{leaders} each lead', { leaders: namesOf(leaders) }), claims },
      { reason: 'two-leaders', severity: 'warning', supports },
    );
  }
  if (leaders.length === 1 && led.length > 1) return pass({ leader: leaders[0]?.subject.name ?? '', term: '' });
  return couldNotAsk(seen, members, 'fewer than two members told whom they follow');
}

function endpoints(seen: Seen): string {
  return seen.topology.members.map((member) => `https://${joinAddress(member.host, member.clientPort)}`).join(',');
}
