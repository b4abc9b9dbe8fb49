// How much of this member's database file holds nothing any more?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { membersOf, readMember } from '../../src/judge/readings/member.ts';
import { describeBytes, type Space, spaceOf } from '../../src/judge/readings/space.ts';
import { couldNotAsk, etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import type { Certainty, Link, Seen } from '../../src/model/rule.ts';
import { defragmentEach } from './plans/free-space.ts';

type Limits = Readonly<Record<'inUse' | 'least' | 'free' | 'spread' | 'alike', number>>;
const mebibyte = 1024 ** 2;

export default defineRule({
  id: 'etcd-fragmentation',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 2,
  title: 'the etcd database of {member} is {percent} % empty: {free} of {size}',
  healthy: 'the etcd database files are mostly in use',
  why: 'The empty part counts against the quota, every snapshot carries it, and a restart reads it; only a defragmentation gives it back.',
  shows: ['{member}  {inUse} of {size} in use, {free} free', 'if others: the smallest file of the others: {others}'],
  folded: '{free} of {size} empty',
  needs: ['etcd.status', 'etcd.metrics', 'etcd.health', 'etcd.client-port', 'etcd.peer-port', 'etcd.members', 'kube.control-plane-pods'],
  limits: {
    inUse: {
      value: 50,
      unit: 'percent of the file in use',
      source: 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdDatabaseHighFragmentationRatio',
    },
    least: {
      value: 100,
      unit: 'MiB in use at least',
      source: 'etcd contrib/mixin/alerts/alerts.libsonnet: etcdDatabaseHighFragmentationRatio',
    },
    free: { value: 1000, unit: 'MiB free, more than is in use', source: 'github.com/ahrtr/etcd-diagnosis epstatus plugin' },
    spread: { value: 2, unit: 'times the smallest file of the others', source: 'convention: one member was left out of a defragmentation' },
    alike: { value: 80, unit: 'percent that the uses of two members differ by at the most', source: 'convention: they hold the same keys' },
  },
  reasons: ['loose', 'uneven'],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    if (readMember(seen, member).kind === 'silent') return notApplicable('it does not answer');
    const space = spaceOf(seen, member);
    if (space === undefined) return couldNotAsk(seen, [member], 'it told no size');
    if (space.inUse === undefined) return undecided('it does not tell how much of its file is in use: etcd before 3.4', 'upgrade etcd');
    const free = Math.max(0, space.size - space.inUse);
    const facts = {
      member: subject.name,
      percent: Math.floor((free / space.size) * 100),
      free: describeBytes(free),
      size: describeBytes(space.size),
      inUse: describeBytes(space.inUse),
      others: '',
    };
    if (isLoose(space.inUse, space.size, limits)) return fail(facts, { reason: 'loose', witness: 'stated' });
    const smallest = smallestAlike(seen, member.subject.id, space, limits);
    if (smallest !== undefined && space.size > smallest * limits.spread && space.inUse > limits.least * mebibyte)
      return fail({ ...facts, others: describeBytes(smallest) }, { reason: 'uneven', severity: 'info', witness: 'stated' });
    return pass(facts);
  },
  explains: [
    {
      to: 'etcd-db-near-quota',
      kind: 'causes',
      on: 'member',
      because: 'the empty part of the file counts against the quota',
      when: fitsWithoutIt,
      unproven: true,
    },
    { to: 'etcd-commit-slow', kind: 'causes', on: 'member', because: 'each commit writes the list of free pages', unproven: true },
  ],
  fixes: ({ subjects }, seen) =>
    defragmentEach(
      seen,
      subjects.flatMap((subject) => memberAt(seen, subject.id) ?? []),
    ),
  avoid: () => ['defragment two members at once: each stands still meanwhile', 'defragment while another member is down'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/maintenance/#defragmentation'],
  errors: ['etcdDatabaseHighFragmentationRatio'],
});

function isLoose(inUse: number, size: number, limits: Limits): boolean {
  const free = size - inUse;
  if (inUse > limits.least * mebibyte && inUse < (size * limits.inUse) / 100) return true;
  return free > limits.free * mebibyte && free > inUse;
}

/** The smallest file of another member that has about as much in use. */
function smallestAlike(seen: Seen, id: string, own: Space, limits: Limits): number | undefined {
  const others = membersOf(seen).flatMap((member) => (member.subject.id === id ? [] : (spaceOf(seen, member) ?? [])));
  const alike = others.filter(({ inUse }) => {
    const [less, more] = [inUse ?? 0, own.inUse ?? 0].sort((one, other) => one - other);
    return less !== undefined && more !== undefined && less >= (more * limits.alike) / 100;
  });
  return alike.length === 0 ? undefined : Math.min(...alike.map(({ size }) => size));
}

/** Whether what is in use alone would be well below the quota. */
function fitsWithoutIt({ effect }: Link, seen: Seen): Certainty {
  const member = memberAt(seen, effect.subject.id);
  const space = member && spaceOf(seen, member);
  if (space?.inUse === undefined || space.by === 'assumed') return 'unknown';
  return space.inUse < space.quota * 0.8 ? 'yes' : 'no';
}
