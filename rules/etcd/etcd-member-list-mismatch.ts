// Do the etcd members count the same members?
import { defineRule, fail, notApplicable, notSampled, pass } from '../../src/judge/define-rule.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { memberAt, replaceMember } from '../../src/judge/readings/member-fixes.ts';
import { couldNotAsk, namesOf, supportsOf } from '../../src/judge/readings/voters.ts';
import type { EtcdMember } from '../../src/model/etcd.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Member } from '../../src/model/topology.ts';
import { compareMembers, saveBoth } from './plans/two-clusters.ts';

export default defineRule({
  id: 'etcd-member-list-mismatch',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'at-risk',
  layer: 2,
  title: 'the etcd members disagree about who is a member: {words}',
  healthy: 'every etcd member counts the same members',
  why: 'Who counts other members counts another quorum: two parts may each believe that they decide, and the next change of members can stop both.',
  shows: ['each lists: {name}  counts {count}: {members}'],
  folded: '{words}',
  needs: ['etcd.members', 'etcd.metrics', 'etcd.status', 'kube.nodes', 'etcd.health', 'etcd.client-port', 'etcd.peer-port'],
  limits: {
    lists: { value: 2, unit: 'lists that must be comparable', source: 'a single list cannot disagree' },
    looks: {
      value: 3,
      unit: 'looks, a second apart, in which the lists differ',
      source: 'github.com/ahrtr/etcd-diagnosis membership plugin: three tries, because a change reaches the members one after the other',
    },
  },
  reasons: ['minority', 'no-majority'],
  subjects: () => [clusterSubject],
  confirm: { evidence: ['etcd.members'], times: 2, everyMs: 1000 },
  judge: (seen, limits) => {
    const members = membersOf(seen);
    if (members.filter((member) => member.started).length < limits.lists) return notApplicable('a single member cannot disagree');
    const looks = looksOf(seen, members);
    const newest = looks.at(-1) ?? [];
    if (newest.length < limits.lists) return couldNotList(seen, members);
    if (looks.some((look) => new Set(look.map(spell)).size < 2))
      return pass({ lists: newest.length, members: newest[0]?.list.length ?? 0 });
    if (looks.length < limits.looks) return notSampled();
    return disagreement(newest);
  },
  explains: [
    {
      to: 'etcd-leader-disagreement',
      kind: 'causes',
      on: 'cluster',
      because: 'members that count different voters elect different leaders',
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) => {
    const odd = (verdicts[0]?.supports ?? []).flatMap(({ state, name }) =>
      state === 'lost' ? seen.topology.members.filter((member) => member.subject.name === name) : [],
    );
    if (verdicts[0]?.reason !== 'minority') return [compareMembers(seen), ...saveBoth(seen, odd)];
    const known = odd.flatMap((member) => memberAt(seen, member.subject.id) ?? []);
    return [compareMembers(seen), ...saveBoth(seen, known), ...known.flatMap((member) => replaceMember(seen, member))];
  },
  avoid: () => [
    'add or remove a member before the lists are equal, except the odd one itself',
    'upgrade etcd from 3.5 to 3.6 while they differ: members that were removed long ago come back (fixed in 3.5.26)',
  ],
  reading: ['https://etcd.io/blog/2025/zombie_members_upgrade/', 'https://etcd.io/docs/v3.6/op-guide/runtime-configuration/'],
  errors: ['the member has been permanently removed from the cluster', 'etcdserver: member not found'],
});

interface OwnList {
  readonly member: Member;
  readonly list: readonly EtcdMember[];
}

/** What all members listed in the first look, the second, and so on. */
function looksOf(seen: Seen<'etcd.members'>, members: readonly Member[]): readonly (readonly OwnList[])[] {
  const all = members.flatMap((member) => {
    if (seen.peek('etcd.members', member.subject)?.state !== 'known') return [];
    return seen.samples('etcd.members', member.subject).map(({ sample, value }) => ({ member, sample, value }));
  });
  const numbers = [...new Set(all.map((one) => one.sample))].sort((one, other) => one - other);
  return numbers.map((number) =>
    all.flatMap(({ member, sample, value }) => (sample === number && value.kind === 'answered' ? [{ member, list: value.members }] : [])),
  );
}

/** Names and client URLs reach the list only when a member has started, one teller after the other. */
function spell({ list }: OwnList): string {
  const lines = list.map(({ id, peerUrls, learner }) => `${id} ${[...peerUrls].sort().join(' ')} ${learner}`);
  return lines.sort().join('\n');
}

function disagreement(lists: readonly OwnList[]) {
  const holders = (one: OwnList): number => lists.filter((other) => spell(other) === spell(one)).length;
  const most = Math.max(...lists.map(holders));
  const common = new Set(lists.filter((one) => holders(one) === most).map(spell));
  const odd = lists.filter((one) => common.size > 1 || !common.has(spell(one)));
  const rows = lists.map(({ member, list }) => ({
    name: member.subject.name,
    count: list.length,
    members: list.map(({ id, name, learner }) => `${name || 'not started'} ${id}${learner ? ' (learner)' : ''}`).join(', '),
  }));
  const reason = common.size === 1 ? 'minority' : 'no-majority';
  const names = namesOf(odd.map(({ member }) => member));
  const words = odd.length === 1 ? say('{names} counts other members', { names }) : say('{names} each count other members', { names });
  const supports = supportsOf(
    lists.map(({ member }) => member),
    (member) => (odd.some((one) => one.member === member) ? 'lost' : 'good'),
  );
  return fail({ words, lists: rows }, { reason, witness: 'stated', supports });
}

function couldNotList(seen: Seen<'etcd.members' | 'etcd.metrics'>, members: readonly Member[]) {
  for (const member of members) if (member.started) seen.get('etcd.members', member.subject);
  return couldNotAsk(seen, members, 'fewer than two members gave their list');
}
