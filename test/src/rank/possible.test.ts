// What may stand behind a finding that nobody could look at?
import { describe, expect, test } from 'vitest';
import { fail, first, good, headed, lines, lost, pass, ranked, rule, subject, unclear, unknown } from '../../kit/verdicts.ts';

describe('what could be behind a finding', () => {
  const named = (ranking: ReturnType<typeof ranked>, id: string) =>
    headed(ranking, id).possibleCauses.map((cause) => `${cause.rule} ${cause.subject}`);

  test('an unknown rule on the same node, not on another one, not for another reason', () => {
    const rules = [rule('hidden', 0, { to: 'effect', produces: ['hung'] }), rule('effect', 3)];
    const unknowns = [unknown('hidden', 'm1'), unknown('hidden', 'm2')];
    expect(named(ranked(rules, fail('effect', 'm1', { reason: 'hung' }), ...unknowns), 'effect')).toEqual(['hidden node/m1']);
    expect(named(ranked(rules, fail('effect', 'm1', { reason: 'refused' }), ...unknowns), 'effect')).toEqual([]);
  });

  test('nothing deeper is claimed only for what time or a decision brought about, with all behind it excluded', () => {
    const rules = [rule('hidden', 0, { to: 'effect' }, { to: 'ended' }), rule('effect', 3), { ...rule('ended', 0), final: true as const }];
    expect(first(ranked(rules, fail('effect', 'm1'), pass('hidden', 'm1'))).deeper).toBe('unknown');
    expect(first(ranked(rules, fail('ended', 'm1'), pass('hidden', 'm1'))).deeper).toBe('none');
    expect(first(ranked(rules, fail('ended', 'm1'), unknown('hidden', 'm1'))).deeper).toBe('unknown');
  });

  test('one whose keys are not known refutes nothing', () => {
    const rules = [rule('hidden', 0, { to: 'effect' }), rule('effect', 3)];
    expect(named(ranked(rules, fail('effect', 'm1'), unknown('hidden', 'cluster')), 'effect')).toEqual(['hidden cluster/cluster']);
  });

  test('a gate refutes only without asking what was not seen', () => {
    const shut = [rule('hidden', 0, { to: 'effect', when: () => 'no' }), rule('effect', 3)];
    expect(named(ranked(shut, fail('effect', 'm1'), unknown('hidden', 'm1')), 'effect')).toEqual([]);
    const asking = [rule('hidden', 0, { to: 'effect', when: ({ cause }) => (cause.group === 'server' ? 'yes' : 'no') }), rule('effect', 3)];
    expect(named(ranked(asking, fail('effect', 'm1'), unknown('hidden', 'm1')), 'effect')).toEqual(['hidden node/m1']);
  });

  test('a narrow one only where it has a part in what is lost, and its passing siblings leave enough', () => {
    const rules = [rule('narrow', 0, { to: 'wide', on: 'cluster', covers: 'all', match: 'node' }), rule('wide', 4)];
    const wide = fail('wide', 'cluster', { supports: [...lost('m1', 'm2'), ...good('m3')] });
    const candidates = (...verdicts: Parameters<typeof ranked>[1][]) => named(ranked(rules, wide, ...verdicts), 'wide');
    expect(candidates(unknown('narrow', 'm1'), unknown('narrow', 'm2'), unknown('narrow', 'm3'))).toEqual([
      'narrow node/m1',
      'narrow node/m2',
    ]);
    expect(candidates(unknown('narrow', 'm1'), pass('narrow', 'm2'), pass('narrow', 'm3'))).toEqual([]);
    expect(candidates(unknown('narrow', 'm1'), fail('narrow', 'm2'))).toEqual(['narrow node/m1']);
  });

  test('one that may have hit a support nobody knows about', () => {
    const rules = [rule('narrow', 0, { to: 'wide', on: 'cluster', covers: 'quorum', match: 'node' }), rule('wide', 4)];
    const wide = fail('wide', 'cluster', { supports: [...lost('m1'), ...unclear('m2'), ...good('m3')] });
    expect(named(ranked(rules, wide, unknown('narrow', 'm1'), unknown('narrow', 'm2')), 'wide')).toEqual([
      'narrow node/m1',
      'narrow node/m2',
    ]);
  });

  test('what lies behind an unknown rule comes after it, however deep, and only once', () => {
    const rules = [
      rule('deep', 0, { to: 'middle' }),
      rule('middle', 0, { to: 'near' }),
      rule('near', 1, { to: 'effect' }),
      rule('also', 0, { to: 'effect' }, { to: 'near' }),
      rule('effect', 3),
    ];
    const unknowns = ['deep', 'middle', 'near', 'also'].map((id) => unknown(id, 'm1'));
    expect(named(ranked(rules, fail('effect', 'm1'), ...unknowns), 'effect')).toEqual([
      'also node/m1',
      'near node/m1',
      'middle node/m1',
      'deep node/m1',
    ]);
  });

  test('lowest layer first, then the shorter command, then the name', () => {
    const rules = [...['d', 'c', 'b', 'a'].map((id) => rule(id, id === 'd' ? 0 : 1, { to: 'effect' })), rule('effect', 3)];
    const unknowns = [
      unknown('a', 'm1', undefined, 'long one'),
      unknown('b', 'm1', undefined, 'short'),
      unknown('c', 'm1', undefined, 'short'),
      unknown('d', 'm1', undefined, 'longest of all'),
    ];
    expect(named(ranked(rules, fail('effect', 'm1'), ...unknowns), 'effect')).toEqual(['d node/m1', 'b node/m1', 'c node/m1', 'a node/m1']);
  });

  test('an aggregate asks for its parts too', () => {
    const rules = [rule('sum', 2, { to: 'part', kind: 'made-of', on: 'cluster' }), rule('part', 1), rule('hidden', 0, { to: 'part' })];
    expect(
      named(ranked(rules, fail('sum', 'cluster'), fail('part', 'm1'), unknown('hidden', 'm1'), unknown('hidden', 'm2')), 'sum'),
    ).toEqual(['hidden node/m1']);
  });

  test('what surely explains a part is no mere possibility, even if another of its edges is undecided', () => {
    const rules = [
      rule('sum', 2, { to: 'part', kind: 'made-of', on: 'cluster' }),
      rule('part', 1),
      rule('cause', 0, { to: 'part' }, { to: 'part', when: () => 'unknown' }),
    ];
    const ranking = ranked(
      rules,
      fail('sum', 'cluster', { impact: 'outage' }),
      fail('part', 'm1'),
      fail('part', 'm2'),
      fail('cause', 'm1'),
    );
    expect(lines(ranking)).toEqual(['sum > part part(m1) +2, part part(m2)', 'cause(m1)']);
    expect(named(ranking, 'sum')).toEqual([]);
  });

  test('an aggregate nobody could count may stand behind its part; hints and weaknesses never do', () => {
    const rules = [
      rule('sum', 2, { to: 'part', kind: 'made-of', on: 'cluster' }),
      rule('hint', 0, { to: 'part', kind: 'hints' }),
      rule('weak', 0, { to: 'part', kind: 'worsens' }),
      rule('part', 1),
    ];
    expect(
      named(ranked(rules, fail('part', 'm1'), unknown('sum', 'cluster'), unknown('hint', 'm1'), unknown('weak', 'm1')), 'part'),
    ).toEqual(['sum cluster/cluster']);
  });

  test('never folds and never ranks', () => {
    const rules = [rule('hidden', 0, { to: 'effect' }), rule('effect', 3)];
    const ranking = ranked(rules, fail('effect', 'm1'), fail('effect', subject('x', 'object', {})), unknown('hidden', 'm1'));
    expect(lines(ranking)).toEqual(['effect(m1) effect(x)']);
  });
});

describe('of findings that hurt alike', () => {
  const rules = [rule('late', 1), rule('early', 5, { to: 'late', when: () => 'unknown' })];
  test('what may stand behind another one goes before it, though it lies higher', () => {
    expect(lines(ranked(rules, fail('late', 'm1'), fail('early', 'm1')))).toEqual(['early(m1)', 'late(m1)']);
    expect(lines(ranked(rules, fail('late', 'm1'), fail('early', 'm2')))).toEqual(['late(m1)', 'early(m2)']);
  });

  test('what is worse stays first, and two that may stand behind each other keep their order', () => {
    expect(lines(ranked(rules, fail('late', 'm1', { impact: 'outage' }), fail('early', 'm1')))).toEqual(['late(m1)', 'early(m1)']);
    const both = [rule('late', 1, { to: 'early', when: () => 'unknown' }), rule('early', 5, { to: 'late', when: () => 'unknown' })];
    expect(lines(ranked(both, fail('late', 'm1'), fail('early', 'm1')))).toEqual(['late(m1)', 'early(m1)']);
  });
});
