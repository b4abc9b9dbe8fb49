// Are members that are all cut off told by their own words alone, with no API server, no master and no memory?
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-partition.ts';
import { readRecording } from '../../../src/bundle/recording.ts';
import { judgeAll } from '../../../src/judge/judge.ts';
import { buildTopology } from '../../../src/judge/topology/build.ts';
import type { Evidence, EvidenceItem, Known } from '../../../src/model/evidence.ts';
import type { Try } from '../../../src/model/network.ts';
import type { Fail } from '../../../src/model/verdict.ts';
import type { Report } from '../../../src/model/report.ts';
import { probes } from '../../../src/probes/index.ts';
import { judgeAgain } from '../../laws/recordings.ts';

const recorded = await readRecording(fileURLToPath(new URL('../../recordings/S08-etcd', import.meta.url)), probes);
const names = ['m1', 'm2', 'm3'];

/** The API servers have just ended: their ports refuse, and the load balancer’s checks find nobody. */
function refused(one: Try): Try {
  const failed = { kind: 'failed', why: 'refused', detail: 'connection refused' } as const;
  return { ...one, connected: false, chain: [], trust: { kind: 'not-judged', why: '' }, outcome: failed };
}

function ended(item: EvidenceItem): readonly EvidenceItem[] {
  if (item.state === 'missing') return [item];
  if (item.id === 'api.ready') return [{ ...item, value: { tries: item.value.tries.slice(0, 3).map(refused) } }];
  if (item.id.startsWith('api.')) return [];
  if (item.id !== 'lb.stats') return [item];
  const rows = item.value.rows.map((row) =>
    row.type === 'server' ? { ...row, status: 'DOWN', checkStatus: 'L4CON', lastCheck: '' } : row,
  );
  return [{ ...item, value: { rows } }];
}

/** So many looks at the members, a second apart. `change` says what a member tells at one of them. */
function looked(looks: number, change: (item: Known<'etcd.status'>, look: number) => Known<'etcd.status'> = (item) => item): Evidence {
  const items = recorded.items.flatMap(ended);
  const later = items.flatMap((item) => {
    if (item.state !== 'known' || (item.id !== 'etcd.status' && item.id !== 'etcd.metrics')) return [];
    return Array.from({ length: looks - 1 }, (_, at): EvidenceItem => {
      const again = { ...item, sample: at + 1, takenAt: item.takenAt + (at + 1) * 1000 };
      return again.id === 'etcd.status' ? change(again as Known<'etcd.status'>, at + 1) : again;
    });
  });
  return { ...recorded, items: [...items, ...later] };
}

function statuses(evidence: Evidence): readonly string[] {
  return judgeAll([rule], evidence, buildTopology(evidence)).map(({ status }) => status);
}

function fails(evidence: Evidence): readonly Fail[] {
  return judgeAll([rule], evidence, buildTopology(evidence)).flatMap((verdict) => (verdict.status === 'fail' ? [verdict] : []));
}

const heads = ({ findings }: Report) => findings.map(({ cause }) => cause.rule);

test('nothing tells masters from hosts of etcd', () => {
  const { masters, members, mastersComplete } = buildTopology(looked(1));
  expect({ masters, mastersComplete }).toEqual({ masters: [], mastersComplete: false });
  expect(members.map(({ subject }) => subject.name)).toEqual(names);
});

test('one look may fall into an election: another is asked for at once', () => {
  const verdicts = judgeAll([rule], looked(1), buildTopology(looked(1)));
  expect(verdicts.map((one) => (one.status === 'unknown' ? one.secondLook : one.status))).toEqual(['urged', 'urged', 'urged']);
  expect(statuses(looked(4))).toEqual(['unknown', 'unknown', 'unknown']);
});

test('no voter has a leader for five seconds: all are cut off, and that heads the report', () => {
  const report = judgeAgain(looked(7));
  const [first] = report.findings;
  expect(first?.cause.rule).toBe('etcd-partition');
  expect(first?.subjects.map(({ name }) => name)).toEqual(names);
  expect(first?.effects.map((effect) => effect.rule)).toContain('etcd-no-leader');
  expect(heads(report)).not.toContain('etcd-quorum-lost');
  expect(heads(report)).not.toContain('etcd-member-down');
});

test('with timers that nobody read that is likely after five seconds, and agreed on after ten', () => {
  const [soon] = fails(looked(7));
  expect(soon).toMatchObject({ reason: 'no-votes', witness: 'measured' });
  expect(String(soon?.facts['words'])).toContain('its election timeout, not read here');
  const [late] = fails(looked(12));
  expect(late).toMatchObject({ reason: 'no-votes', witness: 'agreed', facts: { words: expect.not.stringContaining('not read') } });
});

test('a leader seen at one of the looks, or counted between two, ends the silence', () => {
  const leader = (item: Known<'etcd.status'>, look: number) =>
    look === 4 && item.value.kind === 'answered' ? { ...item, value: { ...item.value, leaderId: '2967d260298ef62b' } } : item;
  expect(statuses(looked(7, leader))).toEqual(['unknown', 'unknown', 'unknown']);
  const counted = looked(7);
  const items = counted.items.map((item) =>
    item.state === 'known' && item.id === 'etcd.metrics' && item.sample > 3 && item.value.kind === 'answered'
      ? { ...item, value: { ...item.value, leaderChanges: 2 } }
      : item,
  );
  expect(statuses({ ...counted, items })).toEqual(['unknown', 'unknown', 'unknown']);
});

test('a voter that nobody could ask leaves it open', () => {
  const { items } = looked(7);
  const without = items.filter(
    (item) => !(item.id.startsWith('etcd.') && item.subject.id.startsWith('10.89.0.13')) || item.id === 'etcd.members',
  );
  expect(statuses({ ...recorded, items: without })).not.toContain('fail');
});

test('longer election timeouts take longer', () => {
  const evidence = looked(7);
  const manifest = { component: 'etcd', path: '', command: ['etcd', '--election-timeout=5000'], environment: [] };
  const here = { node: 'm1', manifests: [manifest] } as unknown as Known<'here.files'>['value'];
  const items = evidence.items.map((item) =>
    item.id === 'here.files'
      ? ({ ...item, state: 'known', value: here, source: 'here', takenAt: evidence.startedAt } as EvidenceItem)
      : item,
  );
  expect(statuses({ ...evidence, items })).not.toContain('fail');
});
