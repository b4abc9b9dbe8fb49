// How sure is a finding, what made it worse, and which unknowns does it block?
import { describe, expect, test } from 'vitest';
import type { Fail } from '../../../src/model/verdict.ts';
import { fail, first, lines, pass, ranked, rule, unknown, verdictOf } from '../../kit/verdicts.ts';

describe('confidence', () => {
  const rules = [rule('cause', 0, { to: 'effect' }), rule('effect', 3)];
  const sure = (change: Partial<Fail>, ...more: readonly Fail[]) => first(ranked(rules, fail('cause', 'm1', change), ...more)).confidence;

  test('certain, strong and weak by witness', () => {
    expect([sure({ witness: 'stated' }), sure({ witness: 'agreed' }), sure({})]).toEqual(['certain', 'strong', 'weak']);
  });

  test('an effect seen through other evidence makes a measurement strong, the same evidence does not', () => {
    expect(sure({}, fail('effect', 'm1'))).toBe('strong');
    expect(sure({ cites: ['etcd.status x'] }, fail('effect', 'm1', { cites: ['etcd.status x', 'api.ready y'] }))).toBe('weak');
    expect(sure({}, fail('effect', 'm1', { cites: [] }))).toBe('weak');
  });

  test('is that of the least sure verdict of a finding', () => {
    expect(first(ranked(rules, fail('cause', 'm1', { witness: 'stated' }), fail('cause', 'm2'))).confidence).toBe('weak');
  });

  test('an unproven edge leaves only weak findings', () => {
    const unproven = [rule('cause', 0, { to: 'effect', unproven: true }), rule('effect', 3)];
    expect(first(ranked(unproven, fail('cause', 'm1', { witness: 'stated' }), fail('effect', 'm1'))).confidence).toBe('weak');
    const both = [rule('cause', 0, { to: 'effect', unproven: true }, { to: 'effect', on: 'cluster' }), rule('effect', 3)];
    expect(first(ranked(both, fail('cause', 'm1', { witness: 'stated' }), fail('effect', 'm1'))).confidence).toBe('certain');
  });
});

test('a proven edge counts even where an unproven one joins the same two verdicts first', () => {
  const supports = [
    { name: 'm1', keys: { node: 'm1' }, state: 'lost' as const },
    { name: 'm2', keys: { node: 'm2' }, state: 'lost' as const },
  ];
  const shows = rule(
    'cause',
    0,
    { to: 'wide', on: 'cluster', covers: 'all', match: 'node', unproven: true },
    { to: 'wide', on: 'cluster', when: ({ cause }) => (cause.subject.name === 'm2' ? 'yes' : 'no') },
  );
  const stated = { witness: 'stated' } as const;
  const ranking = ranked(
    [shows, rule('wide', 4)],
    fail('cause', 'm1', stated),
    fail('cause', 'm2', stated),
    fail('wide', 'cluster', { supports }),
  );
  expect(lines(ranking)).toEqual(['cause(m1) cause(m2) > wide']);
  expect(first(ranking).confidence).toBe('certain');
});

describe('weaknesses that made it worse', () => {
  const weak = rule('weak', 4, { to: 'server', kind: 'worsens', on: 'cluster' });

  test('are shown with what they worsened, not as findings', () => {
    const ranking = ranked(
      [weak, rule('cause', 0, { to: 'server' }), rule('server', 3)],
      fail('weak', 'lb'),
      fail('cause', 'm1'),
      fail('server', 'm1'),
    );
    expect(lines(ranking)).toEqual(['cause(m1) > server(m1)']);
    expect(ranking.worsens).toMatchObject([{ verdict: { rule: 'weak' }, of: [1] }]);
  });

  test('are findings where there is nothing to worsen', () => {
    const ranking = ranked([weak, rule('server', 3)], fail('weak', 'lb'), pass('server', 'm1'));
    expect(lines(ranking)).toEqual(['weak(lb)']);
    expect(ranking.worsens).toEqual([]);
  });

  test('are causes where they bring something about, and effects where something brings them about', () => {
    const causing = rule('weak', 4, { to: 'server', kind: 'worsens', on: 'cluster' }, { to: 'other', on: 'cluster' });
    const ranking = ranked(
      [causing, rule('server', 3), rule('other', 5)],
      fail('weak', 'cluster'),
      fail('server', 'm1'),
      fail('other', 'm1'),
    );
    expect(lines(ranking)).toEqual(['weak > other(m1)', 'server(m1)']);
    const caused = ranked(
      [weak, rule('cause', 0, { to: 'weak', on: 'cluster' }), rule('server', 3)],
      fail('weak', 'lb'),
      fail('cause', 'm1'),
      fail('server', 'm1'),
    );
    expect(lines(caused)).toEqual(['cause(m1) > weak(lb)', 'server(m1)']);
    expect(caused.worsens).toEqual([]);
  });

  test('of nothing but each other are not lost', () => {
    const rules = [
      rule('one', 7, { to: 'two', kind: 'worsens', on: 'cluster' }),
      rule('two', 7, { to: 'one', kind: 'worsens', on: 'cluster' }),
    ];
    expect(lines(ranked(rules, fail('one', 'cluster'), fail('two', 'cluster')))).toEqual(['one', 'two']);
  });
});

describe('what a finding blocks', () => {
  const rules = [rule('cause', 0, { to: 'server' }), rule('server', 3), rule('lease', 5)];
  const blocker = (...verdicts: Parameters<typeof ranked>[1][]) => {
    const verdict = verdictOf(ranked(rules, ...verdicts), 'lease', 'cluster');
    return verdict.status === 'unknown' ? verdict.blockedBy : 'not unknown';
  };
  const silent = fail('server', 'm1', { reason: 'hung' });

  test('is unknown because of a subject that an effect of it says is silent', () => {
    expect(blocker(fail('cause', 'm1'), silent, unknown('lease', 'cluster', 'node/m1'))).toEqual({ rule: 'cause', subject: 'node/m1' });
  });

  test('needs every gap and every way to be silent, in one finding', () => {
    const second = fail('server', 'm2', { reason: 'refused' });
    expect(blocker(silent, unknown('lease', 'cluster', 'node/m1 node/m2'))).toBeUndefined();
    expect(blocker(silent, second, unknown('lease', 'cluster', 'node/m1 node/m2'))).toEqual({ rule: 'server', subject: 'node/m1' });
    const mixed = unknown('lease', 'cluster', 'node/m1');
    expect(blocker(silent, { ...mixed, gaps: [...mixed.gaps, ...unknown('lease', 'cluster').gaps] })).toBeUndefined();
  });

  test('is not what failed for want of a credential, nor what a fault that still answers stands beside', () => {
    expect(blocker(silent, unknown('lease', 'cluster'))).toBeUndefined();
    expect(blocker(fail('server', 'm1', { reason: 'partial' }), unknown('lease', 'cluster', 'node/m1'))).toBeUndefined();
    expect(blocker(fail('server', 'm1'), unknown('lease', 'cluster', 'node/m1'))).toBeUndefined();
    expect(blocker(silent, { ...unknown('lease', 'cluster'), gaps: [] })).toBeUndefined();
  });
});
