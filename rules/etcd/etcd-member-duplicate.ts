// Do two etcd members share a name or an address?
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { editSettings, showSettings } from '../../src/judge/plans/change-settings.ts';
import { defineRule, fail, pass } from '../../src/judge/define-rule.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { etcdAccessFlags, memberIdOf, memberList, quorumWithout } from '../../src/judge/readings/voters.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { MissingEvidence } from '../../src/judge/view.ts';
import type { EtcdMember } from '../../src/model/etcd.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import { clusterSubject, type Subject } from '../../src/model/subject.ts';

export default defineRule({
  id: 'etcd-member-duplicate',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 1,
  final: true,
  title: 'etcd members {ids} share {words}',
  healthy: 'every etcd member has a name and addresses of its own',
  why: 'Whoever picks a member by its name or address may meet the other one: checks look twice at one and never at the other, and a removal or a restore can hit the wrong member.',
  shows: ['each members: {name}  id {id}  peers {peers}  clients {clients}'],
  folded: 'share {words}',
  needs: ['etcd.members', 'etcd.status', 'etcd.health', 'etcd.metrics', 'etcd.client-port', 'etcd.peer-port'],
  limits: {},
  reasons: ['name', 'peer-url', 'client-url'],
  subjects: (seen) => {
    const twins = twinsIn(listed(seen)).flatMap(({ members }) => members.map(({ id }) => id));
    const found = membersOf(seen).flatMap((member) => (twins.includes(memberIdOf(member) ?? '') ? [member.subject] : []));
    return found.length > 0 ? found : [clusterSubject];
  },
  judge: (seen, _limits, subject) => {
    const all = twinsIn(listed(seen));
    const own = all.find(({ members }) => members.some(({ id }) => id === subject.keys.member)) ?? all[0];
    if (own === undefined) return pass({ members: listed(seen).length });
    const rows = own.members.map((member) => ({
      name: member.name || 'no name',
      id: member.id,
      peers: member.peerUrls.join(' ') || 'none',
      clients: member.clientUrls.join(' ') || 'none',
    }));
    const facts = { ids: own.members.map(({ id }) => id).join(' and '), words: wordsFor(own), members: rows };
    return fail(facts, { reason: own.kind, group: `${own.kind} ${own.value}`, witness: 'stated' });
  },
  explains: [
    {
      to: 'etcd-member-down',
      kind: 'causes',
      on: 'member',
      because: 'of two members that want one address only one gets it',
      when: ({ cause }) => (cause.reason === 'name' ? 'no' : 'yes'),
      unproven: true,
    },
  ],
  fixes: ({ subjects, verdicts }, seen) =>
    verdicts[0]?.reason === 'name' ? subjects.flatMap((subject) => renameMember(seen, subject)) : [lookWhoListens(seen)],
  avoid: () => ['member remove by name: take the id, and look at its peer URL first'],
  reading: ['https://github.com/etcd-io/etcd/issues/13757', 'https://etcd.io/docs/v3.6/op-guide/configuration/#member'],
  errors: ['etcdserver: duplicate member name', 'etcdserver: Peer URLs already exists', "couldn't find local name"],
});

interface Twins {
  readonly kind: 'name' | 'peer-url' | 'client-url';
  readonly value: string;
  readonly members: readonly EtcdMember[];
}

/** @throws MissingEvidence where no member gave its list. */
function listed(seen: Seen<'etcd.members'>): readonly EtcdMember[] {
  const list = memberList(seen);
  if (list !== undefined) return list;
  const missing = seen.every('etcd.members').find((item) => item.state === 'missing');
  if (missing?.state === 'missing') seen.get('etcd.members', missing.subject);
  throw new MissingEvidence([
    { gap: 'not-collected', detail: 'no member gave its list', howToGet: etcdAccessFlags, id: 'etcd.members', subject: 'cluster/cluster' },
  ]);
}

/** Values that more than one member has; never-started members have no name and no client URL yet. */
function twinsIn(list: readonly EtcdMember[]): readonly Twins[] {
  const kinds: readonly (readonly [Twins['kind'], (member: EtcdMember) => readonly string[]])[] = [
    ['name', ({ name }) => [name]],
    ['peer-url', ({ peerUrls }) => peerUrls],
    ['client-url', ({ clientUrls }) => clientUrls.filter((url) => !/\/\/(127\.|localhost|\[::1\])/.test(url))],
  ];
  return kinds.flatMap(([kind, valuesOf]) => {
    const values = [...new Set(list.flatMap(valuesOf))].filter((value) => value !== '').sort();
    return values.flatMap((value): readonly Twins[] => {
      const members = list.filter((member) => valuesOf(member).includes(value));
      return members.length > 1 ? [{ kind, value, members }] : [];
    });
  });
}

function wordsFor({ kind, value }: Twins) {
  if (kind === 'name') return say('the name {value}', { value });
  return kind === 'peer-url' ? say('the peer address {value}', { value }) : say('the client address {value}', { value });
}

/** A member publishes its name anew each time it starts. */
function renameMember(seen: Seen, subject: Subject): readonly Fix[] {
  const member = memberAt(seen, subject.id);
  if (member === undefined) return [];
  const node = member.subject.keys.node ?? member.host;
  const home = etcdHome(seen, [member]);
  const edit = editSettings(seen, home, '--name and --initial-cluster');
  return [
    {
      do: say(
        'If {node} is the one with the wrong name: give its member the name of its node (--name, and before = in --initial-cluster)',
        { node },
      ),
      where: node,
      ...edit,
      run: [...showSettings(home, '--(name|initial-cluster)='), ...edit.run],
      risk: 'medium',
      needs: [{ text: 'the other voters keep a quorum while it restarts', met: quorumWithout(seen, [member]) }],
      verify: ['etcdctl member list -w table   # every name once'],
    },
  ];
}

function lookWhoListens(seen: Seen): Fix {
  const hosts = [...new Set(seen.topology.members.map((member) => member.host))];
  return {
    do: 'See which of them answers there, then correct the address of the other (member update, --advertise-client-urls)',
    where: 'here',
    run: ['etcdctl member list -w table', ...hosts.map((host) => `getent ahosts ${shellWord(host)}`)],
    risk: 'none',
    needs: [],
    verify: ['etcdctl member list -w table   # every address once'],
  };
}
