// When may a rule that nobody could look at be crossed?
import { describe, expect, test } from 'vitest';
import type { AnyRule } from '../../../src/model/rule.ts';
import { fail, first, lines, lost, pass, ranked, rule, unknown } from '../../kit/verdicts.ts';

describe('a bridge', () => {
  const rules = [rule('cause', 0, { to: 'between' }), rule('between', 1, { to: 'effect' }), rule('effect', 3)];

  test('crosses one unknown rule on the same node, and costs a step of confidence', () => {
    const ranking = ranked(rules, fail('cause', 'm1', { witness: 'stated' }), unknown('between', 'm1'), fail('effect', 'm1'));
    expect(lines(ranking)).toEqual(['cause(m1) > effect(m1)']);
    expect(first(ranking)).toMatchObject({ bridges: ['between'], confidence: 'strong' });
  });

  test('never crosses a rule that passed, or one that was not judged there', () => {
    expect(lines(ranked(rules, fail('cause', 'm1'), pass('between', 'm1'), fail('effect', 'm1')))).toHaveLength(2);
    expect(lines(ranked(rules, fail('cause', 'm1'), fail('effect', 'm1')))).toHaveLength(2);
    expect(lines(ranked(rules, fail('cause', 'm1'), unknown('between', 'm2'), fail('effect', 'm1')))).toHaveLength(2);
    expect(lines(ranked(rules, fail('cause', 'm1'), unknown('between', 'cluster'), fail('effect', 'm1')))).toHaveLength(2);
  });

  test('never crosses two', () => {
    const long = [rule('cause', 0, { to: 'one' }), rule('one', 1, { to: 'two' }), rule('two', 2, { to: 'effect' }), rule('effect', 3)];
    expect(lines(ranked(long, fail('cause', 'm1'), unknown('one', 'm1'), unknown('two', 'm1'), fail('effect', 'm1')))).toHaveLength(2);
  });

  test('is not built to what already has a cause', () => {
    const ranking = ranked(
      [...rules, rule('other', 2, { to: 'effect' })],
      fail('cause', 'm1'),
      unknown('between', 'm1'),
      fail('other', 'm1'),
      fail('effect', 'm1'),
    );
    expect(lines(ranking)).toEqual(['cause(m1)', 'other(m1) > effect(m1)']);
  });

  test('minds reasons and time', () => {
    const narrow = [rule('cause', 0, { to: 'between' }), rule('between', 1, { to: 'effect', produces: ['hung'] }), rule('effect', 3)];
    const base = [fail('cause', 'm1'), unknown('between', 'm1')];
    expect(lines(ranked(narrow, ...base, fail('effect', 'm1', { reason: 'hung' })))).toHaveLength(1);
    expect(lines(ranked(narrow, ...base, fail('effect', 'm1', { reason: 'refused' })))).toHaveLength(2);
    const late = fail('cause', 'm1', { since: { earliest: 9, latest: 9 } });
    expect(lines(ranked(rules, late, unknown('between', 'm1'), fail('effect', 'm1', { since: { earliest: 1, latest: 2 } })))).toHaveLength(
      2,
    );
  });

  test('of something narrow never reaches the whole cluster, so a second fault stays visible', () => {
    const wide = [rule('cause', 0, { to: 'between' }), rule('between', 1, { to: 'effect', on: 'cluster' }), rule('effect', 3)];
    expect(lines(ranked(wide, fail('cause', 'm1'), unknown('between', 'm1'), fail('effect', 'm2')))).toHaveLength(2);
    const covered = [
      rule('cause', 0, { to: 'between' }),
      rule('between', 1, { to: 'effect', on: 'cluster', covers: 'any', match: 'node' }),
      rule('effect', 3),
    ];
    expect(
      lines(ranked(covered, fail('cause', 'm1'), unknown('between', 'm1'), fail('effect', 'cluster', { supports: lost('m1') }))),
    ).toHaveLength(2);
  });

  test('over a state of the whole cluster needs that nothing speaks against that state', () => {
    const wide = [
      rule('cause', 0, { to: 'state', on: 'cluster' }),
      rule('state', 2, { to: 'effect', on: 'cluster' }, { to: 'other', on: 'cluster' }),
      rule('effect', 3),
      rule('other', 4),
    ];
    const base = [fail('cause', 'cluster'), unknown('state', 'cluster'), fail('effect', 'm1')];
    expect(lines(ranked(wide, ...base))).toEqual(['cause > effect(m1)']);
    expect(lines(ranked(wide, ...base, pass('other', 'm3')))).toHaveLength(2);
  });

  test('does not cross an unproven edge, nor a gate that asks what was not seen', () => {
    const unproven = [rule('cause', 0, { to: 'between', unproven: true }), rule('between', 1, { to: 'effect' }), rule('effect', 3)];
    const base = [fail('cause', 'm1'), unknown('between', 'm1'), fail('effect', 'm1')];
    expect(lines(ranked(unproven, ...base))).toHaveLength(2);
    const asking = (ask: 'group' | 'reason' | 'facts') => [
      rule('cause', 0, { to: 'between' }),
      rule('between', 1, { to: 'effect', when: ({ cause }) => (cause[ask] === 'other' ? 'no' : 'yes') }),
      rule('effect', 3),
    ];
    for (const ask of ['group', 'reason', 'facts'] as const) expect(lines(ranked(asking(ask), ...base))).toHaveLength(2);
  });

  test('takes any of several edges, in whatever order they stand', () => {
    const two = (...order: readonly number[]): readonly AnyRule[] => {
      const edges = [
        { to: 'between', on: 'lb' },
        { to: 'between', on: 'node' },
      ] as const;
      return [rule('cause', 0, ...order.map((index) => edges[index] ?? edges[0])), rule('between', 1, { to: 'effect' }), rule('effect', 3)];
    };
    const verdicts = [fail('cause', 'm1'), unknown('between', 'm1'), fail('effect', 'm1')];
    expect(lines(ranked(two(0, 1), ...verdicts))).toEqual(['cause(m1) > effect(m1)']);
    expect(lines(ranked(two(1, 0), ...verdicts))).toEqual(['cause(m1) > effect(m1)']);
  });

  test('does not put an aggregate under what only reaches one of its parts', () => {
    const sum = [...rules, rule('sum', 3, { to: 'effect', kind: 'made-of', on: 'cluster' })];
    const ranking = ranked(
      sum,
      fail('cause', 'm1'),
      unknown('between', 'm1'),
      fail('effect', 'm1'),
      fail('sum', 'cluster', { impact: 'outage' }),
    );
    expect(lines(ranking)).toEqual(['sum > part effect(m1)', 'cause(m1)']);
  });
});
