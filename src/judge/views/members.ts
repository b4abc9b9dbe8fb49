// What is known of each etcd member, dead, unstarted and learning ones included?
import { joinAddress } from '../../model/address.ts';
import type { EtcdMember } from '../../model/etcd.ts';
import type { Seen } from '../../model/rule.ts';
import { say, type Word } from '../../model/sentence.ts';
import type { Row, TableView } from '../../model/table.ts';
import type { Member } from '../../model/topology.ts';
import { alarmsOf } from '../readings/alarms.ts';
import { type MemberReading, peekMember } from '../readings/member.ts';
import { metricsOf, statusOf } from '../readings/member-words.ts';
import { describeBytes, percentFull, spaceOf } from '../readings/space.ts';
import { countVoters, memberIdOf, memberList, namesOf } from '../readings/voters.ts';

const columns = [
  { key: 'name', head: 'NAME' },
  { key: 'id', head: 'ID' },
  { key: 'role', head: 'ROLE' },
  { key: 'address', head: 'CLIENT ADDRESS' },
  { key: 'seen', head: 'SEEN BY' },
  { key: 'certificate', head: 'CERTIFICATE ENDS' },
  { key: 'state', head: 'STATE' },
  { key: 'alarms', head: 'ALARMS' },
  { key: 'errors', head: 'ERRORS' },
  { key: 'version', head: 'VERSION' },
  { key: 'term', head: 'TERM' },
  { key: 'index', head: 'INDEX' },
  { key: 'lag', head: 'LAG' },
  { key: 'size', head: 'DB' },
  { key: 'used', head: 'IN USE' },
  { key: 'quota', head: 'QUOTA' },
] as const;

/** One above the other on a screen, where sixteen columns have no room. */
const stacks = [
  ['name', 'id', 'role'],
  ['address', 'seen', 'certificate'],
  ['state', 'alarms', 'errors'],
  ['version', 'term'],
  ['index', 'lag'],
  ['size', 'used', 'quota'],
] as const;

/** Pure, from evidence alone: a replay shows what the live run showed. */
export function viewMembers(seen: Seen): TableView {
  const { members } = seen.topology;
  const hidden = (memberList(seen) ?? []).filter((one) => !members.some((member) => memberIdOf(member) === one.id));
  const rows = [...members.map((member) => rowOf(seen, member)), ...hidden.map(listedRow)];
  return { title: titleOf(seen), columns, stacks, rows, notes: notesOf(seen) };
}

function rowOf(seen: Seen, member: Member): Row {
  const reading = peekMember(seen, member);
  const status = statusOf(seen, member);
  return {
    name: member.subject.name,
    id: memberIdOf(member),
    role: roleOf(seen, member, reading),
    address: member.started ? joinAddress(member.host, member.clientPort) : 'none yet',
    seen: seenBy(seen, member),
    certificate: certificateOf(seen, member),
    state: stateOf(reading),
    alarms: alarmsRaisedBy(seen, member),
    errors: errorsOf(seen, member, reading),
    version: status?.version ?? metricsOf(seen, member)?.value.version,
    term: status?.term,
    index: status?.raftIndex,
    lag: reading?.kind === 'foreign' ? undefined : lagOf(seen, member),
    ...sizesOf(seen, member),
  };
}

/** Two members with one address can be told apart in the list only. */
function listedRow(member: EtcdMember): Row {
  return {
    name: member.name || 'not started',
    id: member.id,
    role: member.learner ? 'learner' : 'voter',
    address: member.clientUrls.join(', ') || 'none yet',
    seen: 'only listed',
    state: undefined,
  };
}

function roleOf(seen: Seen, member: Member, reading: MemberReading | undefined): Word | undefined {
  if (member.learner) return 'learner';
  const status = statusOf(seen, member);
  const counters = metricsOf(seen, member)?.value;
  if (status?.leaderId !== undefined) return status.leaderId === status.memberId ? 'leader' : 'follower';
  if (status === undefined && counters?.hasLeader === true) return counters.isLeader ? 'leader' : 'follower';
  const listed = memberList(seen)?.some((one) => one.id === memberIdOf(member));
  return listed === true || reading?.kind === 'leaderless' ? 'voter' : undefined;
}

function seenBy(seen: Seen, member: Member): Word {
  const { subject } = member;
  for (const id of ['etcd.status', 'etcd.metrics'] as const) {
    const item = seen.peek(id, subject);
    if (item?.state === 'known' && item.value.kind === 'answered') return item.source.replace('etcd certificate', 'certificate');
  }
  const list = seen.peek('etcd.members', subject);
  const clock = seen.peek('etcd.clock', subject);
  // Only the peer port tells nanoseconds, and it answers without a quorum.
  const peer = (list?.state === 'known' && list.value.kind === 'answered') || (clock?.state === 'known' && clock.value.resolutionMs === 0);
  if (peer) return 'peer port';
  const health = seen.peek('etcd.health', subject);
  if (health?.state === 'known' && health.value.kind !== 'failed') return health.source.replace('etcd certificate', 'certificate');
  const port = seen.peek('etcd.client-port', subject);
  return port?.state === 'known' && port.value.outcome.kind === 'open' ? 'its port only' : 'not';
}

function certificateOf(seen: Seen, member: Member): Word | undefined {
  const port = seen.peek('etcd.client-port', member.subject);
  const end = port?.state === 'known' ? port.value.chain[0]?.notAfter : undefined;
  if (end === undefined) return undefined;
  const day = end.slice(0, 10);
  return Date.parse(end) < seen.startedAt ? say('ended {day}', { day }) : day;
}

function stateOf(reading: MemberReading | undefined): Word | undefined {
  if (reading === undefined) return undefined;
  if (reading.kind === 'silent') return reading.why;
  return { led: 'serves', leaderless: 'no leader', listening: 'port is open', foreign: 'in another cluster', unstarted: 'never started' }[
    reading.kind
  ];
}

/** Alarms are replicated: what one member says of another counts. */
function alarmsRaisedBy(seen: Seen, member: Member): Word | undefined {
  const all = (['NOSPACE', 'CORRUPT'] as const).map((kind) => ({ kind, ...alarmsOf(seen, kind) }));
  const own = all.filter(({ raisedBy }) => raisedBy.includes(member)).map(({ kind }) => kind);
  if (own.length > 0) return own.join(', ');
  const nobodyTold = all.some(({ reportedBy, deniedBy }) => reportedBy.length + deniedBy.length === 0);
  const someoneElse = all.every(({ reportedBy, raisedBy }) => reportedBy.length === 0 || raisedBy.length > 0);
  return nobodyTold || !someoneElse ? undefined : 'none';
}

function errorsOf(seen: Seen, member: Member, reading: MemberReading | undefined): Word | undefined {
  if (reading?.kind === 'silent') return reading.detail;
  if (reading?.kind === 'listening' && reading.rejects !== undefined) return reading.rejects;
  const status = statusOf(seen, member);
  if (status !== undefined) return status.errors.filter((error) => !error.includes('alarm:')).join(', ') || 'none';
  return reading?.kind === 'leaderless' ? reading.words : undefined;
}

/** Entries of the leader's log that it has not applied yet. */
function lagOf(seen: Seen, member: Member): Word | undefined {
  const own = statusOf(seen, member);
  const leader = seen.topology.members.flatMap((other) => {
    const status = statusOf(seen, other);
    return status !== undefined && status.leaderId === status.memberId && status.clusterId === own?.clusterId ? [status] : [];
  })[0];
  if (own === undefined || leader === undefined) return undefined;
  const lag = BigInt(leader.raftIndex) - BigInt(own.appliedIndex);
  return String(lag > 0n ? lag : 0n);
}

function sizesOf(seen: Seen, member: Member): Row {
  const space = spaceOf(seen, member);
  if (space === undefined) return {};
  const inUse = space.inUse === undefined ? undefined : describeBytes(space.inUse);
  const quota = say('{percent} %', { percent: percentFull(space) });
  return { size: describeBytes(space.size), used: inUse, quota: space.by === 'assumed' ? undefined : quota };
}

function titleOf(seen: Seen): Word {
  if (seen.topology.etcd === 'hidden') return 'the provider runs etcd: its members cannot be seen from here';
  if (seen.topology.members.length === 0) return 'no etcd member is known by its address';
  const { voters, led, leaderless, listening, quorum } = countVoters(seen);
  const facts = { voters: voters.length, quorum };
  if (led.length > 0) return say('{led} of {voters} voters follow a leader, {quorum} are needed to write', { ...facts, led: led.length });
  if (leaderless.length > 0) return say('no leader: {voters} voters, {quorum} are needed to write', facts);
  if (listening.length === 0) return say('none of {voters} voters could be asked, {quorum} are needed to write', facts);
  return say('{open} of {voters} voters have an open port, nobody told more; {quorum} are needed to write', {
    ...facts,
    open: listening.length,
  });
}

/** What would turn the question marks into answers. */
function notesOf(seen: Seen): readonly Word[] {
  if (seen.topology.members.length === 0) return seen.topology.etcd === 'hidden' ? [] : ['--etcd-endpoints names them'];
  const gaps = seen.topology.members.flatMap((member) => {
    const status = seen.peek('etcd.status', member.subject);
    return status?.state === 'missing' && status.gap === 'not-collected' ? [status.howToGet] : [];
  });
  const alarms = (['NOSPACE', 'CORRUPT'] as const).flatMap((kind) => {
    const { reportedBy } = alarmsOf(seen, kind);
    return reportedBy.length === 0 ? [] : [say('alarm {kind}, reported by {names}', { kind, names: namesOf(reportedBy) })];
  });
  return [...alarms, ...[...new Set(gaps)].map((howToGet) => say('term, index and lag: {howToGet}', { howToGet }))];
}
