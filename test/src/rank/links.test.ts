// Which edges are live, and which only possible?
import { describe, expect, test } from 'vitest';
import { fail, first, good, headed, lines, lost, pass, ranked, rule, subject, unclear } from '../../kit/verdicts.ts';

describe('an edge is live', () => {
  test('where keys are equal', () => {
    const rules = [rule('a', 1, { to: 'b' }), rule('b', 3)];
    expect(lines(ranked(rules, fail('a', 'm1'), fail('b', 'm1')))).toEqual(['a(m1) > b(m1)']);
    expect(lines(ranked(rules, fail('a', 'm1'), fail('b', 'm2')))).toEqual(['a(m1)', 'b(m2)']);
  });

  test('not where both sides lack the key', () => {
    const rules = [rule('a', 1, { to: 'b', on: 'member' }), rule('b', 3)];
    expect(lines(ranked(rules, fail('a', 'm1'), fail('b', 'm1')))).toEqual(['a(m1)', 'b(m1)']);
  });

  test('only for reasons it can produce', () => {
    const rules = [rule('a', 1, { to: 'b', produces: ['hung'] }), rule('b', 3)];
    expect(lines(ranked(rules, fail('a', 'm1'), fail('b', 'm1', { reason: 'hung' })))).toEqual(['a(m1) > b(m1)']);
    expect(lines(ranked(rules, fail('a', 'm1'), fail('b', 'm1', { reason: 'refused' })))).toEqual(['a(m1)', 'b(m1)']);
  });

  test('unless the cause surely began after the effect', () => {
    const rules = [rule('a', 1, { to: 'b' }), rule('b', 3)];
    const effect = fail('b', 'm1', { since: { earliest: 100, latest: 200 } });
    expect(lines(ranked(rules, fail('a', 'm1', { since: { earliest: 150, latest: 900 } }), effect))).toEqual(['a(m1) > b(m1)']);
    expect(lines(ranked(rules, fail('a', 'm1', { since: { earliest: 201, latest: 900 } }), effect))).toEqual(['a(m1)', 'b(m1)']);
  });

  test('between warnings and critical ones; info is a note', () => {
    const rules = [rule('a', 1, { to: 'b' }), rule('b', 3)];
    const ranking = ranked(rules, fail('a', 'm1', { severity: 'info' }), fail('b', 'm1', { severity: 'critical' }));
    expect(lines(ranking)).toEqual(['b(m1)']);
    expect(ranking.notes.map((note) => note.rule)).toEqual(['a']);
  });

  test('never for hints', () => {
    expect(lines(ranked([rule('a', 1, { to: 'b', kind: 'hints' }), rule('b', 3)], fail('a', 'm1'), fail('b', 'm1')))).toEqual([
      'a(m1)',
      'b(m1)',
    ]);
  });
});

describe('a gate', () => {
  const rules = (answer: 'yes' | 'no' | 'unknown') => [rule('a', 1, { to: 'b', when: () => answer }), rule('b', 3)];

  test('that says no leaves no trace', () => {
    const ranking = ranked(rules('no'), fail('a', 'm1'), fail('b', 'm1'));
    expect(lines(ranking)).toEqual(['a(m1)', 'b(m1)']);
    expect(ranking.findings[1]?.possibleCauses).toEqual([]);
  });

  test('that cannot be decided makes the cause a possible one and the effect less sure', () => {
    const ranking = ranked(rules('unknown'), fail('a', 'm1'), fail('b', 'm1', { witness: 'stated' }));
    const finding = headed(ranking, 'b');
    expect(finding.possibleCauses).toEqual([{ rule: 'a', subject: 'node/m1', howToGet: '' }]);
    expect(finding.deeper).toBe('unknown');
    expect(finding.confidence).toBe('strong');
  });

  test('of one edge does not speak for another between the same rules', () => {
    const two = [rule('a', 1, { to: 'b', when: () => 'unknown' }, { to: 'b', produces: ['hung'] }), rule('b', 3)];
    const ranking = ranked(two, fail('a', 'm1'), fail('b', 'm1', { reason: 'hung' }));
    expect(lines(ranking)).toEqual(['a(m1) > b(m1)']);
    expect(first(ranking).possibleCauses).toEqual([]);
  });
});

describe('coverage of a wide effect', () => {
  const rules = (covers: 'any' | 'quorum' | 'all' | 'every') => [
    rule('a', 1, { to: 'wide', on: 'cluster', covers, match: 'node' }),
    rule('wide', 5),
  ];
  const wide = (supports: ReturnType<typeof lost> | undefined) => fail('wide', 'cluster', supports === undefined ? {} : { supports });
  const folds = (
    covers: 'any' | 'quorum' | 'all' | 'every',
    supports: ReturnType<typeof lost> | undefined,
    ...nodes: readonly string[]
  ): boolean => {
    const { findings } = ranked(rules(covers), wide(supports), ...nodes.map((node) => fail('a', node)));
    return findings.length === 1;
  };
  const namesIt = (
    covers: 'any' | 'quorum' | 'all' | 'every',
    supports: ReturnType<typeof lost> | undefined,
    ...nodes: readonly string[]
  ): boolean => {
    const { findings } = ranked(rules(covers), wide(supports), ...nodes.map((node) => fail('a', node)));
    return findings.some((finding) => String(finding.cause.rule) === 'wide' && finding.possibleCauses.length > 0);
  };

  test('all: every one that is lost', () => {
    expect(folds('all', [...lost('m1', 'm2'), ...good('m3')], 'm1', 'm2')).toBe(true);
    expect(folds('all', [...lost('m1', 'm2'), ...good('m3')], 'm1')).toBe(false);
    expect(folds('all', [...lost('m1', 'm2'), ...good('m3')], 'm1', 'm3')).toBe(false);
  });

  test('every: a single good one would have been enough', () => {
    expect(folds('every', lost('m1', 'm2'), 'm1', 'm2')).toBe(true);
    expect(folds('every', [...lost('m1'), ...good('m2', 'm3')], 'm1')).toBe(false);
    expect(namesIt('every', [...lost('m1'), ...good('m2', 'm3')], 'm1')).toBe(false);
    expect(folds('every', [...lost('m1'), ...unclear('m2')], 'm1')).toBe(false);
    expect(namesIt('every', [...lost('m1'), ...unclear('m2')], 'm1')).toBe(true);
  });

  test('quorum: as many as keep the rest from a majority', () => {
    expect(folds('quorum', lost('m1', 'm2', 'm3'), 'm1')).toBe(false);
    expect(folds('quorum', lost('m1', 'm2', 'm3'), 'm1', 'm3')).toBe(true);
    expect(folds('quorum', [...lost('m1', 'm2', 'm3'), ...good('m4')], 'm1', 'm2')).toBe(true);
    expect(folds('quorum', [...lost('m1', 'm2', 'm3'), ...good('m4', 'm5')], 'm1', 'm2')).toBe(false);
    expect(folds('quorum', [...lost('m1', 'm2', 'm3'), ...good('m4', 'm5')], 'm1', 'm2', 'm3')).toBe(true);
  });

  test('any: one that is lost, not one that is good', () => {
    expect(folds('any', [...lost('m1'), ...good('m2')], 'm1')).toBe(true);
    expect(folds('any', [...lost('m1'), ...good('m2')], 'm2')).toBe(false);
  });

  test('what is not known is not hit, and leaves a possible cause', () => {
    const supports = [...lost('m1'), ...unclear('m2')];
    expect(folds('all', supports, 'm1', 'm2')).toBe(false);
    expect(namesIt('all', supports, 'm1', 'm2')).toBe(true);
    expect(folds('quorum', [...lost('m1'), ...unclear('m2'), ...good('m3')], 'm1', 'm2')).toBe(false);
    expect(namesIt('quorum', [...lost('m1'), ...unclear('m2'), ...good('m3')], 'm1', 'm2')).toBe(true);
    expect(namesIt('all', [...lost('m1', 'm2')], 'm1')).toBe(false);
  });

  test('an effect that does not tell what it rests on is never folded this way', () => {
    expect(folds('any', undefined, 'm1')).toBe(false);
    expect(namesIt('any', undefined, 'm1')).toBe(true);
    expect(folds('any', [], 'm1')).toBe(false);
  });

  test('verdicts of two groups are two findings, and cover it only together', () => {
    const verdicts = [wide(lost('m1', 'm2')), fail('a', 'm1', { group: 'server' }), fail('a', 'm2', { group: 'peer' })];
    const ranking = ranked(rules('all'), ...verdicts);
    expect(lines(ranking)).toEqual(['a(m1) > wide +2', 'a(m2)']);
    expect(ranking.findings.map((finding) => finding.togetherWith)).toEqual([[2], [1]]);
  });

  test('causes of two rules cover it together, and not where a support is left to nobody', () => {
    const both = [
      rule('a', 1, { to: 'wide', on: 'cluster', covers: 'any', match: 'node' }),
      rule('b', 1, { to: 'wide', on: 'cluster', covers: 'all', match: 'node' }),
      rule('wide', 4),
    ];
    const strict = both.map((one) =>
      String(one.id) === 'a' ? rule('a', 1, { to: 'wide', on: 'cluster', covers: 'all', match: 'node' }) : one,
    );
    const with2 = ranked(strict, wide(lost('m1', 'm2')), fail('a', 'm1'), fail('b', 'm2'));
    expect(lines(with2)).toEqual(['a(m1) > wide +2', 'b(m2)']);
    expect(lines(ranked(strict, wide(lost('m1', 'm2', 'm3')), fail('a', 'm1'), fail('b', 'm2')))).toHaveLength(3);
    // One that is enough by itself needs no help.
    expect(lines(ranked(both, wide(lost('m1', 'm2')), fail('a', 'm1'), fail('b', 'm2')))).toEqual(['a(m1) > wide', 'b(m2)']);
  });

  test('two causes that cover it only together say so', () => {
    const deep = [rule('x', 0, { to: 'a' }), rule('y', 0, { to: 'a' }), ...rules('all')];
    const ranking = ranked(deep, wide(lost('m1', 'm2')), fail('a', 'm1'), fail('a', 'm2'), fail('x', 'm1'), fail('y', 'm2'));
    expect(lines(ranking)).toEqual(['x(m1) > a(m1), wide +2', 'y(m2) > a(m2)']);
    expect(ranking.findings.map((finding) => finding.togetherWith)).toEqual([[2], [1]]);
  });
});

test('the supports of an effect may be on other keys than its subject', () => {
  const rules = [rule('a', 1, { to: 'entry', on: 'cluster', covers: 'all', match: 'apiserver' }), rule('entry', 4)];
  const server = subject('m1:6443', 'apiserver', { apiserver: 'm1:6443' });
  const supports = [{ name: 'm1', keys: { apiserver: 'm1:6443' }, state: 'lost' as const }];
  expect(lines(ranked(rules, fail('a', server), fail('entry', 'lb', { supports })))).toEqual(['a(m1:6443) > entry(lb)']);
});

test('rules that were left out of the run bring about nothing', () => {
  expect(lines(ranked([rule('b', 3)], fail('a', 'm1'), fail('b', 'm1'), pass('c', 'm1')))).toEqual(['b(m1)', 'a(m1)']);
});
