// When do symptoms without a visible cause become one finding?
import { describe, expect, test } from 'vitest';
import { fail, first, good, headed, lines, lost, pass, ranked, rule, unknown } from '../../kit/verdicts.ts';

describe('symptoms without a visible cause', () => {
  const narrow = [rule('hidden', 0, { to: 'low' }, { to: 'high' }), rule('low', 3), rule('high', 5)];

  test('that one unknown rule explains on the same node become one weak finding headed by the lowest', () => {
    const ranking = ranked(narrow, fail('high', 'm1'), fail('low', 'm1'), unknown('hidden', 'm1', undefined, 'look at m1'));
    expect(lines(ranking)).toEqual(['low(m1) > high(m1)']);
    expect(first(ranking)).toMatchObject({
      confidence: 'weak',
      bridges: ['hidden'],
      possibleCauses: [{ rule: 'hidden', howToGet: 'look at m1' }],
    });
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
    const chain = [
      rule('u', 0, { to: 'a' }, { to: 'b' }),
      rule('v', 0, { to: 'b' }, { to: 'c' }),
      rule('a', 3),
      rule('b', 4),
      rule('c', 5),
    ];
    const ranking = ranked(chain, fail('a', 'm1'), fail('b', 'm1'), fail('c', 'm1'), unknown('u', 'm1'), unknown('v', 'm1'));
    expect(lines(ranking)).toEqual(['a(m1) > b(m1)', 'c(m1)']);
  });

  test('the unknown rule that explains most is taken, and only that one', () => {
    const two = [
      rule('few', 0, { to: 'a' }, { to: 'b' }),
      rule('many', 1, { to: 'a' }, { to: 'c' }, { to: 'd' }),
      ...['a', 'b', 'c', 'd'].map((id, index) => rule(id, 3 + index)),
    ];
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
    const rules = [
      rule('host', 0, { to: 'server' }, { to: 'entry', on: 'cluster', covers: 'all', match: 'node' }),
      rule('server', 3),
      rule('entry', 4),
    ];
    const base = [fail('server', 'm1'), unknown('host', 'm1')];
    expect(lines(ranked(rules, ...base, fail('entry', 'lb', { supports: [...lost('m1'), ...good('m2')] })))).toEqual([
      'server(m1) > entry(lb)',
    ]);
    expect(lines(ranked(rules, ...base, fail('entry', 'lb', { supports: lost('m1', 'm2') })))).toHaveLength(2);
  });
});
