// Was a voter added to etcd that has never been started?
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, pass } from '../../src/judge/define-rule.ts';
import { shellFor } from '../../src/judge/readings/etcdctl.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { quorumOf } from '../../src/judge/readings/member.ts';
import {
  countVoters,
  etcdAccessFlags,
  memberIdOf,
  memberList,
  quorumAfterRemovalOf,
  toldMembers,
} from '../../src/judge/readings/voters.ts';
import { MissingEvidence } from '../../src/judge/view.ts';
import type { EtcdMember } from '../../src/model/etcd.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { clusterSubject, type Subject } from '../../src/model/subject.ts';
import type { GapSeen } from '../../src/model/verdict.ts';

type Needs = 'etcd.members' | 'etcd.metrics' | 'etcd.status' | 'etcd.health' | 'etcd.client-port' | 'etcd.peer-port';

export default defineRule({
  id: 'etcd-member-unstarted',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 1,
  final: true,
  title: 'etcd counts on a member that was never started: {address}',
  healthy: 'every voter that was added to etcd has been started',
  why: 'It raises the quorum to {quorum} of {voters} and gives nothing: fewer faults stop the cluster than before it was added.',
  shows: ['{address}  id {id}  no name, no client URL'],
  folded: '{address}, never started',
  needs: ['etcd.members', 'etcd.metrics', 'etcd.status', 'etcd.health', 'etcd.client-port', 'etcd.peer-port'],
  limits: {},
  reasons: [],
  subjects: (seen) => {
    const found = unstartedVoters(seen).flatMap((listed) => subjectFor(seen, listed) ?? []);
    return found.length > 0 ? found : [clusterSubject];
  },
  judge: (seen, _limits, subject) => {
    const list = neededList(seen);
    const voters = list.filter((member) => !member.learner);
    const listed = unstartedVoters(seen).find((one) => one.id === subject.keys.member);
    if (listed === undefined) return pass({ members: list.length, voters: voters.length });
    const address = listed.peerUrls[0] ?? 'no address';
    const facts = { member: subject.name, address, id: listed.id, voters: voters.length, quorum: quorumOf(voters.length) };
    return fail(facts, { witness: 'stated' });
  },
  explains: [
    {
      to: 'etcd-no-fault-margin',
      kind: 'causes',
      on: 'cluster',
      because: 'it raises the quorum and cannot vote',
      covers: 'any',
      match: 'member',
    },
    { to: 'etcd-member-count', kind: 'causes', on: 'cluster', because: 'it is counted as a voter', covers: 'any', match: 'member' },
  ],
  fixes: ({ subjects }, seen) => subjects.flatMap((subject) => removeGhost(seen, subject)),
  avoid: () => ['add another member before this one is gone or started', 'restart a started member while this one is listed'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/runtime-configuration/', 'https://etcd.io/docs/v3.6/learning/design-learner/'],
  errors: ['etcdserver: re-configuration failed due to not enough started members', 'etcdserver: unhealthy cluster'],
});

function unstartedVoters(seen: Seen<Needs>): readonly EtcdMember[] {
  return neededList(seen).filter((member) => !member.learner && member.name === '' && member.clientUrls.length === 0);
}

/** @throws MissingEvidence where no member gave its list, with what kept us from each. */
function neededList(seen: Seen<Needs>): readonly EtcdMember[] {
  const list = memberList(seen);
  if (list !== undefined) return list;
  const missing = seen.every('etcd.members').find((item) => item.state === 'missing');
  const known = seen.topology.members.length;
  const told = toldMembers(seen)?.length ?? 0;
  const more = told > known ? `; members count ${told}, ${known} of them have an address` : '';
  const detail = missing?.state === 'missing' ? missing.detail : 'no member gave its list';
  const howToGet = missing?.state === 'missing' ? missing.howToGet : etcdAccessFlags;
  const through = missing?.state === 'missing' && missing.through !== undefined ? { through: missing.through } : {};
  const gap: GapSeen = {
    gap: 'not-collected',
    detail: `${detail}${more}`,
    howToGet,
    id: 'etcd.members',
    subject: 'cluster/cluster',
    ...through,
  };
  throw new MissingEvidence([gap]);
}

function subjectFor(seen: Seen<Needs>, listed: EtcdMember): Subject | undefined {
  return seen.topology.members.find((member) => member.subject.keys.member === listed.id)?.subject;
}

function removeGhost(seen: Seen, subject: Subject): readonly Fix[] {
  const member = memberAt(seen, subject.id);
  const id = member && memberIdOf(member);
  const [helper] = countVoters(seen).led;
  if (member === undefined || id === undefined || helper === undefined) return [];
  const shell = shellFor(seen, helper);
  return [
    {
      do: 'If nobody is joining it right now: take it out of the list, then join its node anew',
      where: shell.where,
      run: [`${shell.etcdctl} member remove ${shellWord(id)}`],
      risk: 'medium',
      needs: [
        { text: 'it has never been started', met: 'yes' },
        { text: 'those who stay have a quorum', met: quorumAfterRemovalOf(seen, member) },
        { text: 'no join is running', met: 'unknown' },
      ],
      verify: [`${shell.etcdctl} member list`],
    },
  ];
}
