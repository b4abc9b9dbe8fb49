// Are histograms and positions read out of what a real member of etcd 3.6 says about itself?
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import metrics from '../../../../src/probes/etcd/metrics.ts';
import { quantile, slowerThan } from '../../../../src/judge/readings/histogram.ts';

const raw = readFileSync(new URL('../recordings/etcd.metrics.timed.raw', import.meta.url), 'utf8');

function read(text: string) {
  const value = metrics.read(text);
  if (value.kind !== 'answered') throw new Error(value.detail);
  return value;
}

test('a member that leads, five minutes after it was made', () => {
  const value = read(raw);
  expect(value).toMatchObject({ isLeader: true, lateHeartbeats: 10, committed: 754, applied: 754, revision: 650 });
  expect(value).toMatchObject({ openFiles: 96, openFilesLimit: 20_000, walFsync: { count: 730 }, backendCommit: { count: 365 } });
  expect(value.walFsync?.buckets.slice(0, 2)).toEqual([
    { upTo: 0.001, count: 453 },
    { upTo: 0.002, count: 525 },
  ]);
  expect(value.walFsync?.buckets.at(-1)?.upTo).toBe(8.192);
  expect(Object.entries(value.peerRoundTrip ?? {}).map(([peer, { count }]) => [peer, count])).toEqual([
    ['6ad5abbf8bb4ff51', 8],
    ['e9a1156b5e5d72a9', 10],
  ]);
});

test('nothing compacted yet is said by etcd as revision -1 in the year 1970', () => {
  const value = read(raw);
  expect([value.compactRevision, value.compactedAt]).toEqual([undefined, undefined]);
  const later = read(
    raw.replace('compact_revision -1', 'compact_revision 421').replace('compaction_last 0', 'compaction_last 1.795262e+09'),
  );
  expect([later.compactRevision, later.compactedAt]).toEqual([421, 1_795_262_000_000]);
});

test('counters without them are still counters', () => {
  const bare = read(raw.replaceAll('etcd_disk_', 'other_').replaceAll('peer_round_trip', 'other'));
  expect([bare.walFsync, bare.backendCommit, bare.peerRoundTrip]).toEqual([undefined, undefined, undefined]);
});

test('the slowest hundredth, as Prometheus computes it', () => {
  const { walFsync } = read(raw);
  if (walFsync === undefined) throw new Error('no histogram');
  // Rank 722.7 of 730 lies between 716 up to 32 ms and 726 up to 64 ms.
  expect(quantile(walFsync, 0.99)).toBeCloseTo(0.032 + 0.67 * 0.032, 4);
  expect(slowerThan(walFsync, 0.032)).toBe(14);
  expect(slowerThan(walFsync, 0.1)).toBeCloseTo(730 - (726 + (0.036 / 0.064) * 3), 4);
  expect(slowerThan(walFsync, 100)).toBe(0);
});
