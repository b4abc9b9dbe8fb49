// Does etcd still count a member whose node is gone from the cluster?
import { joinAddress } from '../../src/model/address.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { peersHaveLost, whyOnlyOurPath } from '../../src/judge/readings/etcd-path.ts';
import { nodeOf, shellFor } from '../../src/judge/readings/etcdctl.ts';
import { describeSilence, membersOf, peekMember } from '../../src/judge/readings/member.ts';
import { doNotStop, memberAt } from '../../src/judge/readings/member-fixes.ts';
import {
  countedOnly,
  countVoters,
  etcdAccessFlags,
  memberIdOf,
  memberList,
  quorumAfterRemovalOf,
} from '../../src/judge/readings/voters.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import type { Subject } from '../../src/model/subject.ts';
import type { Member } from '../../src/model/topology.ts';
import { saveSnapshot } from './plans/save-snapshot.ts';

export default defineRule({
  id: 'etcd-member-stale',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 1,
  final: true,
  title: 'etcd still counts {member} where no node is: {words}',
  healthy: 'every etcd member runs on a node of the cluster',
  why: 'A member that will never come back still counts for the quorum: {quorum} of {voters} must live, and this one cannot.',
  shows: ['{member} {address}  id {id}  {words}', 'nodes of the control plane: {nodes}'],
  folded: '{words}',
  needs: [
    'kube.nodes',
    'etcd.members',
    'etcd.client-port',
    'etcd.peer-port',
    'etcd.status',
    'etcd.health',
    'etcd.metrics',
    'api.ready',
    'kube.control-plane-pods',
  ],
  limits: {
    margin: { value: 1, unit: 'voters to spare at least', source: 'https://etcd.io/docs/v3.6/faq/ (failure tolerance)' },
  },
  reasons: ['no-node', 'other-address'],
  subjects: (seen) => [...membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])), ...lostStrangers(seen)],
  judge: (seen, limits, subject) => {
    if (seen.topology.etcd === 'external') return notApplicable('members of an external etcd run on no node of this cluster');
    if (seen.topology.etcd !== 'stacked') return undecided('it is not known whether etcd runs on the masters', 'kubectl get nodes');
    const member = memberAt(seen, subject.id);
    if (member === undefined)
      return undecided(
        'others count it and have no connection to it: whether it left or never came is in the list of members',
        etcdAccessFlags,
      );
    const nodes = seen.get('kube.nodes').nodes.filter((node) => node.controlPlane);
    if (nodes.some((node) => node.internalAddresses.includes(member.host))) return pass({ member: subject.name });
    if (memberList(seen) === undefined) return undecided('no member gave the list of members', etcdAccessFlags);
    const reading = peekMember(seen, member);
    if (reading?.kind !== 'silent') {
      if (reading === undefined) seen.get('etcd.client-port', subject);
      return pass({ member: subject.name, note: 'it answers, so its machine is not gone' });
    }
    const path = whyOnlyOurPath(seen, member);
    if (path !== undefined && !peersHaveLost(seen, member)) return undecided(path, `nc -zvw2 ${member.host} ${member.clientPort}`);
    const namesake = nodes.find((node) => node.name === subject.name);
    const electorate = countVoters(seen);
    const facts = {
      member: subject.name,
      address: joinAddress(member.host, member.clientPort),
      id: memberIdOf(member) ?? '?',
      words: wordsFor(namesake?.internalAddresses[0], describeSilence(reading)),
      nodes: nodes.map((node) => `${node.name} ${node.internalAddresses[0] ?? '?'}`).join(', '),
      quorum: electorate.quorum,
      voters: electorate.voters.length,
    };
    const severity = !member.learner && electorate.led.length - electorate.quorum < limits.margin ? 'critical' : 'warning';
    return fail(facts, { reason: namesake === undefined ? 'no-node' : 'other-address', severity, witness: 'agreed' });
  },
  explains: [
    { to: 'etcd-member-down', kind: 'causes', on: 'member', because: 'its machine is no longer part of the cluster', unproven: true },
    {
      to: 'etcd-no-fault-margin',
      kind: 'causes',
      on: 'cluster',
      because: 'it counts for the quorum and can never vote',
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    {
      to: 'etcd-member-count',
      kind: 'causes',
      on: 'cluster',
      because: 'it is counted as a voter',
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    {
      to: 'etcd-endpoints-mismatch',
      kind: 'causes',
      on: 'cluster',
      because: 'API servers that list it ask a machine that is gone',
      produces: ['down'],
      covers: 'any',
      match: 'member',
      unproven: true,
    },
    { to: 'host-unreachable', kind: 'causes', on: 'node', because: 'the machine left with its node', unproven: true },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ subject, reason }) => {
      const member = memberAt(seen, subject.id);
      if (member === undefined) return [];
      return [...(reason === 'other-address' ? [giveAddressBack(member)] : []), ...takeOut(seen, member)];
    }),
  avoid: (_cause, seen) => ['add a new master before the dead member is out: it would need one vote more', ...doNotStop(seen)],
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/#replacing-a-failed-etcd-member'],
  errors: ['etcdserver: unhealthy cluster', 'error execution phase check-etcd: etcd cluster is not healthy'],
});

/** Members that others count in vain, and of which nothing but the id is known. */
function lostStrangers(seen: Seen<'etcd.members' | 'etcd.metrics'>): readonly Subject[] {
  const lost = countedOnly(seen).filter((member) => !member.connected);
  return lost.map(({ id }) => ({ kind: 'member', id, name: id, keys: { member: id } }));
}

function wordsFor(newAddress: string | undefined, silence: Text) {
  if (newAddress === undefined) return say('{silence}, and no node has its address', { silence });
  return say('{silence}, and its node has the address {newAddress} now', { silence, newAddress });
}

/** Certificates, flags and lists name the old one: with it the member comes back as it was. */
function giveAddressBack(member: Member): Fix {
  const { name } = member.subject;
  return {
    do: say('If it can be had, give {name} its address {host} back: etcd, certificates and load balancers name it', {
      name,
      host: member.host,
    }),
    where: nodeOf(member),
    run: ['ip -brief address', 'ip route get 1.1.1.1'],
    risk: 'none',
    needs: [],
    verify: [`nc -zvw2 ${shellWord(member.host)} ${member.clientPort}`],
  };
}

/** The look alone, unless it is proved that those who stay have a quorum of their own. */
function takeOut(seen: Seen, member: Member): readonly Fix[] {
  const id = memberIdOf(member);
  const [helper] = countVoters(seen).led;
  const { name } = member.subject;
  const look: Fix = {
    do: 'See that no node has this address, and that nobody is about to bring the machine back',
    where: 'here',
    run: ['kubectl get nodes -l node-role.kubernetes.io/control-plane -o wide'],
    risk: 'none',
    needs: [],
    verify: [],
  };
  if (id === undefined || helper === undefined || quorumAfterRemovalOf(seen, member) !== 'yes') return [look];
  const { where, etcdctl } = shellFor(seen, helper);
  return [
    look,
    saveSnapshot(seen, helper, 'before-removal.db', 'Save a snapshot first'),
    {
      do: say('Take the dead member {name} out of the list', { name }),
      where,
      run: [`${etcdctl} member remove ${shellWord(id)}`],
      risk: 'high',
      needs: [
        { text: 'those who stay have a quorum', met: 'yes' },
        { text: 'it does not answer, and no node has its address', met: 'yes' },
        { text: 'its machine will not come back with its data', met: 'unknown' },
        { text: 'a fresh snapshot was taken', met: 'unknown' },
      ],
      verify: [`${etcdctl} member list`],
    },
  ];
}
