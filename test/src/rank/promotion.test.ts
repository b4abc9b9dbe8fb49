// Which causes of its parts come before an aggregate?
import { describe, expect, test } from 'vitest';
import { fail, first, good, lines, lost, ranked, rule } from '../../kit/verdicts.ts';

const quorum = (...more: Parameters<typeof rule>[2][]) =>
  rule('quorum', 2, { to: 'member', kind: 'made-of', on: 'cluster', covers: 'quorum', match: 'node' }, ...more);
const outage = { impact: 'outage', severity: 'critical', witness: 'stated' } as const;
const lostQuorum = (...nodes: readonly string[]) =>
  fail('quorum', 'cluster', {
    ...outage,
    supports: [...lost(...nodes), ...good(...['m1', 'm2', 'm3'].filter((node) => !nodes.includes(node)))],
  });

describe('promotion', () => {
  const cause = (id: string, layer = 0) => rule(id, layer, { to: 'member' });
  const rules = [quorum({ to: 'ready', on: 'cluster' }), rule('member', 1), rule('ready', 3), cause('certificate'), cause('disk')];
  const down = [lostQuorum('m1', 'm2'), fail('member', 'm1'), fail('member', 'm2'), fail('ready', 'm3')];

  test('one cause that alone suffices comes first, on several subjects', () => {
    const ranking = ranked(rules, ...down, fail('certificate', 'm1'), fail('certificate', 'm2'));
    expect(lines(ranking)).toEqual(['certificate(m1) certificate(m2) > member(m1), member(m2), quorum, ready(m3)']);
    expect(first(ranking)).toMatchObject({ impact: 'outage', severity: 'critical', togetherWith: [] });
  });

  test('only together: both are findings, the aggregate is folded under both', () => {
    const ranking = ranked(rules, ...down, fail('certificate', 'm1'), fail('disk', 'm2'));
    expect(lines(ranking)).toEqual(['certificate(m1) > member(m1), quorum +2, ready(m3) +2', 'disk(m2) > member(m2)']);
    expect(ranking.findings.map((finding) => finding.cause.rule)).toEqual(['certificate', 'disk']);
    expect(ranking.findings.map((finding) => finding.togetherWith)).toEqual([[2], [1]]);
    expect(ranking.findings.map((finding) => finding.impact)).toEqual(['outage', 'outage']);
    expect(first(ranking).effects.map((effect) => effect.rule)).toContain('quorum');
  });

  test('not even all of them: the aggregate stays a cause beside what explains a part', () => {
    const ranking = ranked(rules, ...down, fail('certificate', 'm1'));
    expect(ranking.findings.map((finding) => finding.cause.rule)).toEqual(['quorum', 'certificate']);
    expect(ranking.findings.map((finding) => finding.togetherWith)).toEqual([[], []]);
    expect(ranking.findings[1]?.impact).toBe('degraded');
  });

  test('who alone suffices does not share the lead with who has a smaller part in it', () => {
    const ranking = ranked(rules, ...down, fail('certificate', 'm1'), fail('certificate', 'm2'), fail('disk', 'm2'));
    expect(ranking.findings.map((finding) => [finding.cause.rule, finding.impact])).toEqual([
      ['certificate', 'outage'],
      ['disk', 'degraded'],
    ]);
    expect(ranking.findings.flatMap((finding) => finding.togetherWith)).toEqual([]);
  });

  test('more than a quorum may be lost: any quorum of them is enough', () => {
    const all = [lostQuorum('m1', 'm2', 'm3'), fail('member', 'm1'), fail('member', 'm2'), fail('member', 'm3')];
    const ranking = ranked(rules, ...all, fail('certificate', 'm1'), fail('certificate', 'm2'));
    expect(ranking.findings.map((finding) => finding.cause.rule)).toEqual(['certificate']);
    expect(first(ranking).effects.map((effect) => effect.subject.name)).toContain('m3');
  });

  test('a way of several steps counts', () => {
    const long = [...rules, rule('host', 0, { to: 'clock' }), rule('clock', 0, { to: 'certificate' })];
    const ranking = ranked(
      long,
      ...down,
      fail('host', 'm1'),
      fail('host', 'm2'),
      fail('clock', 'm1'),
      fail('clock', 'm2'),
      fail('certificate', 'm1'),
      fail('certificate', 'm2'),
    );
    expect(ranking.findings.map((finding) => finding.cause.rule)).toEqual(['host']);
    expect(first(ranking).effects).toHaveLength(8);
  });

  test('over an unproven edge gives a weak finding, and none at all where a proven one does it', () => {
    const risky = [quorum(), rule('member', 1), cause('certificate'), rule('disk', 0, { to: 'member', unproven: true })];
    const two = [lostQuorum('m1', 'm2'), fail('member', 'm1'), fail('member', 'm2')];
    const weak = ranked(risky, ...two, fail('disk', 'm1', { witness: 'stated' }), fail('disk', 'm2', { witness: 'stated' }));
    expect(lines(weak)).toEqual(['disk(m1) disk(m2) > member(m1), member(m2), quorum']);
    expect(first(weak).confidence).toBe('weak');
    const both = ranked(risky, ...two, fail('disk', 'm1'), fail('disk', 'm2'), fail('certificate', 'm1'), fail('certificate', 'm2'));
    expect(both.findings.map((finding) => [finding.cause.rule, finding.effects.length, finding.impact])).toEqual([
      ['certificate', 3, 'outage'],
      ['disk', 0, 'degraded'],
    ]);
  });
});
