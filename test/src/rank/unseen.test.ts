// What may be said about a rule that nobody could look at: bridges over it, symptoms that share it, causes that may be it?
import { describe, expect, test } from 'vitest';
import type { AnyRule } from '../../../src/model/rule.ts';
import { fail, first, good, headed, lines, lost, pass, ranked, rule, subject, unclear, unknown } from '../../kit/verdicts.ts';

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

describe('what could be behind a finding', () => {
  const named = (ranking: ReturnType<typeof ranked>, id: string) => headed(ranking, id).possibleCauses.map((cause) => `${cause.rule} ${cause.subject}`);

  test('an unknown rule on the same node, not on another one, not for another reason', () => {
    const rules = [rule('hidden', 0, { to: 'effect', produces: ['hung'] }), rule('effect', 3)];
    const unknowns = [unknown('hidden', 'm1'), unknown('hidden', 'm2')];
    expect(named(ranked(rules, fail('effect', 'm1', { reason: 'hung' }), ...unknowns), 'effect')).toEqual(['hidden node/m1']);
    expect(named(ranked(rules, fail('effect', 'm1', { reason: 'refused' }), ...unknowns), 'effect')).toEqual([]);
    expect(first(ranked(rules, fail('effect', 'm1', { reason: 'refused' }), ...unknowns)).deeper).toBe('none');
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
    expect(candidates(unknown('narrow', 'm1'), unknown('narrow', 'm2'), unknown('narrow', 'm3'))).toEqual(['narrow node/m1', 'narrow node/m2']);
    expect(candidates(unknown('narrow', 'm1'), pass('narrow', 'm2'), pass('narrow', 'm3'))).toEqual([]);
    expect(candidates(unknown('narrow', 'm1'), fail('narrow', 'm2'))).toEqual(['narrow node/m1']);
  });

  test('one that may have hit a support nobody knows about', () => {
    const rules = [rule('narrow', 0, { to: 'wide', on: 'cluster', covers: 'quorum', match: 'node' }), rule('wide', 4)];
    const wide = fail('wide', 'cluster', { supports: [...lost('m1'), ...unclear('m2'), ...good('m3')] });
    expect(named(ranked(rules, wide, unknown('narrow', 'm1'), unknown('narrow', 'm2')), 'wide')).toEqual(['narrow node/m1', 'narrow node/m2']);
  });

  test('what lies behind an unknown rule comes after it, however deep, and only once', () => {
    const rules = [rule('deep', 0, { to: 'middle' }), rule('middle', 0, { to: 'near' }), rule('near', 1, { to: 'effect' }), rule('also', 0, { to: 'effect' }, { to: 'near' }), rule('effect', 3)];
    const unknowns = ['deep', 'middle', 'near', 'also'].map((id) => unknown(id, 'm1'));
    expect(named(ranked(rules, fail('effect', 'm1'), ...unknowns), 'effect')).toEqual(['also node/m1', 'near node/m1', 'middle node/m1', 'deep node/m1']);
  });

  test('lowest layer first, then the shorter command, then the name', () => {
    const rules = [...['d', 'c', 'b', 'a'].map((id) => rule(id, id === 'd' ? 0 : 1, { to: 'effect' })), rule('effect', 3)];
    const unknowns = [unknown('a', 'm1', undefined, 'long one'), unknown('b', 'm1', undefined, 'short'), unknown('c', 'm1', undefined, 'short'), unknown('d', 'm1', undefined, 'longest of all')];
    expect(named(ranked(rules, fail('effect', 'm1'), ...unknowns), 'effect')).toEqual(['d node/m1', 'b node/m1', 'c node/m1', 'a node/m1']);
  });

  test('an aggregate asks for its parts too', () => {
    const rules = [rule('sum', 2, { to: 'part', kind: 'made-of', on: 'cluster' }), rule('part', 1), rule('hidden', 0, { to: 'part' })];
    expect(named(ranked(rules, fail('sum', 'cluster'), fail('part', 'm1'), unknown('hidden', 'm1'), unknown('hidden', 'm2')), 'sum')).toEqual(['hidden node/m1']);
  });

  test('an aggregate nobody could count may stand behind its part; hints and weaknesses never do', () => {
    const rules = [rule('sum', 2, { to: 'part', kind: 'made-of', on: 'cluster' }), rule('hint', 0, { to: 'part', kind: 'hints' }), rule('weak', 0, { to: 'part', kind: 'worsens' }), rule('part', 1)];
    expect(named(ranked(rules, fail('part', 'm1'), unknown('sum', 'cluster'), unknown('hint', 'm1'), unknown('weak', 'm1')), 'part')).toEqual(['sum cluster/cluster']);
  });

  test('never folds and never ranks', () => {
    const rules = [rule('hidden', 0, { to: 'effect' }), rule('effect', 3)];
    const ranking = ranked(rules, fail('effect', 'm1'), fail('effect', subject('x', 'object', {})), unknown('hidden', 'm1'));
    expect(lines(ranking)).toEqual(['effect(m1) effect(x)']);
  });
});
