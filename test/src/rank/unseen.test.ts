// What may be folded over a rule that nobody could look at: bridges across it, symptoms that share it?
import { describe, expect, test } from 'vitest';
import type { AnyRule } from '../../../src/model/rule.ts';
import { fail, first, good, headed, lines, lost, pass, ranked, rule, unknown } from '../../kit/verdicts.ts';

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
    const ranking = ranked([...rules, rule('other', 2, { to: 'effect' })], fail('cause', 'm1'), unknown('between', 'm1'), fail('other', 'm1'), fail('effect', 'm1'));
    expect(lines(ranking)).toEqual(['cause(m1)', 'other(m1) > effect(m1)']);
  });

  test('minds reasons and time', () => {
    const narrow = [rule('cause', 0, { to: 'between' }), rule('between', 1, { to: 'effect', produces: ['hung'] }), rule('effect', 3)];
    const base = [fail('cause', 'm1'), unknown('between', 'm1')];
    expect(lines(ranked(narrow, ...base, fail('effect', 'm1', { reason: 'hung' })))).toHaveLength(1);
    expect(lines(ranked(narrow, ...base, fail('effect', 'm1', { reason: 'refused' })))).toHaveLength(2);
    const late = fail('cause', 'm1', { since: { earliest: 9, latest: 9 } });
    expect(lines(ranked(rules, late, unknown('between', 'm1'), fail('effect', 'm1', { since: { earliest: 1, latest: 2 } })))).toHaveLength(2);
  });

  test('of something narrow never reaches the whole cluster, so a second fault stays visible', () => {
    const wide = [rule('cause', 0, { to: 'between' }), rule('between', 1, { to: 'effect', on: 'cluster' }), rule('effect', 3)];
    expect(lines(ranked(wide, fail('cause', 'm1'), unknown('between', 'm1'), fail('effect', 'm2')))).toHaveLength(2);
    const covered = [rule('cause', 0, { to: 'between' }), rule('between', 1, { to: 'effect', on: 'cluster', covers: 'any', match: 'node' }), rule('effect', 3)];
    expect(lines(ranked(covered, fail('cause', 'm1'), unknown('between', 'm1'), fail('effect', 'cluster', { supports: lost('m1') })))).toHaveLength(2);
  });

  test('over a state of the whole cluster needs that nothing speaks against that state', () => {
    const wide = [rule('cause', 0, { to: 'state', on: 'cluster' }), rule('state', 2, { to: 'effect', on: 'cluster' }, { to: 'other', on: 'cluster' }), rule('effect', 3), rule('other', 4)];
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
      const edges = [{ to: 'between', on: 'lb' }, { to: 'between', on: 'node' }] as const;
      return [rule('cause', 0, ...order.map((index) => edges[index] ?? edges[0])), rule('between', 1, { to: 'effect' }), rule('effect', 3)];
    };
    const verdicts = [fail('cause', 'm1'), unknown('between', 'm1'), fail('effect', 'm1')];
    expect(lines(ranked(two(0, 1), ...verdicts))).toEqual(['cause(m1) > effect(m1)']);
    expect(lines(ranked(two(1, 0), ...verdicts))).toEqual(['cause(m1) > effect(m1)']);
  });

  test('does not put an aggregate under what only reaches one of its parts', () => {
    const sum = [...rules, rule('sum', 3, { to: 'effect', kind: 'made-of', on: 'cluster' })];
    const ranking = ranked(sum, fail('cause', 'm1'), unknown('between', 'm1'), fail('effect', 'm1'), fail('sum', 'cluster', { impact: 'outage' }));
    expect(lines(ranking)).toEqual(['sum > part effect(m1)', 'cause(m1)']);
  });
});

describe('symptoms without a visible cause', () => {
  const narrow = [rule('hidden', 0, { to: 'low' }, { to: 'high' }), rule('low', 3), rule('high', 5)];

  test('that one unknown rule explains on the same node become one weak finding headed by the lowest', () => {
    const ranking = ranked(narrow, fail('high', 'm1'), fail('low', 'm1'), unknown('hidden', 'm1', undefined, 'look at m1'));
    expect(lines(ranking)).toEqual(['low(m1) > high(m1)']);
    expect(first(ranking)).toMatchObject({ confidence: 'weak', bridges: ['hidden'], possibleCauses: [{ rule: 'hidden', howToGet: 'look at m1' }] });
  });

  test('stay apart on different nodes, and where the unknown rule does not know its keys', () => {
    expect(lines(ranked(narrow, fail('low', 'm1'), fail('high', 'm2'), unknown('hidden', 'm1'), unknown('hidden', 'm2')))).toHaveLength(2);
    expect(lines(ranked(narrow, fail('low', 'm1'), fail('high', 'm1'), unknown('hidden', 'cluster')))).toHaveLength(2);
  });

  test('stay apart where the sick thing itself says what is wrong', () => {
    expect(lines(ranked(narrow, fail('low', 'm1'), fail('high', 'm1', { witness: 'stated' }), unknown('hidden', 'm1')))).toHaveLength(2);
    const stated = ranked(narrow, fail('low', 'm1', { witness: 'stated' }), fail('high', 'm1'), unknown('hidden', 'm1'));
    expect(lines(stated)).toHaveLength(2);
    expect(headed(stated, 'low').confidence).toBe('certain');
  });

  test('on one layer stay apart: neither is the lower one', () => {
    const level = [rule('hidden', 0, { to: 'low' }, { to: 'same' }), rule('low', 3), rule('same', 3)];
    expect(lines(ranked(level, fail('low', 'm1'), fail('same', 'm1'), unknown('hidden', 'm1')))).toHaveLength(2);
  });

  test('are not chained: what shares one unknown with the head and another with a symptom stays a finding', () => {
    const chain = [rule('u', 0, { to: 'a' }, { to: 'b' }), rule('v', 0, { to: 'b' }, { to: 'c' }), rule('a', 3), rule('b', 4), rule('c', 5)];
    const ranking = ranked(chain, fail('a', 'm1'), fail('b', 'm1'), fail('c', 'm1'), unknown('u', 'm1'), unknown('v', 'm1'));
    expect(lines(ranking)).toEqual(['a(m1) > b(m1)', 'c(m1)']);
  });

  test('the unknown rule that explains most is taken, and only that one', () => {
    const two = [rule('few', 0, { to: 'a' }, { to: 'b' }), rule('many', 1, { to: 'a' }, { to: 'c' }, { to: 'd' }), ...['a', 'b', 'c', 'd'].map((id, index) => rule(id, 3 + index))];
    const ranking = ranked(two, ...['a', 'b', 'c', 'd'].map((id) => fail(id, 'm1')), unknown('few', 'm1'), unknown('many', 'm1'));
    expect(lines(ranking)).toEqual(['a(m1) > c(m1), d(m1)', 'b(m1)']);
  });

  describe('and a state of the whole cluster', () => {
    const wide = [
      rule('state', 2, { to: 'lease', on: 'cluster' }, { to: 'node', on: 'cluster' }, { to: 'server', on: 'cluster' }),
      rule('server', 3),
      rule('lease', 5),
      rule('node', 6),
    ];
    const sick = [fail('lease', 'cluster'), fail('node', 'm1'), unknown('state', 'cluster')];

    test('are joined where it shows everywhere', () => {
      expect(lines(ranked(wide, ...sick, fail('node', 'm2')))).toEqual(['lease > node(m1), node(m2)']);
    });

    test('are not where one of the symptoms holds elsewhere', () => {
      expect(lines(ranked(wide, ...sick, pass('node', 'm2')))).toEqual(['lease', 'node(m1)']);
    });

    test('are not where something else holds that it would have brought about', () => {
      expect(lines(ranked(wide, ...sick, pass('server', 'm1')))).toEqual(['lease', 'node(m1)']);
    });

    test('are not where the unknown rule is narrow', () => {
      expect(lines(ranked(wide, ...sick.slice(0, 2), unknown('state', 'm1')))).toEqual(['lease', 'node(m1)']);
    });
  });

  test('one narrow unknown that covers a wide symptom alone counts', () => {
    const rules = [rule('host', 0, { to: 'server' }, { to: 'entry', on: 'cluster', covers: 'all', match: 'node' }), rule('server', 3), rule('entry', 4)];
    const base = [fail('server', 'm1'), unknown('host', 'm1')];
    expect(lines(ranked(rules, ...base, fail('entry', 'lb', { supports: [...lost('m1'), ...good('m2')] })))).toEqual(['server(m1) > entry(lb)']);
    expect(lines(ranked(rules, ...base, fail('entry', 'lb', { supports: lost('m1', 'm2') })))).toHaveLength(2);
  });
});
