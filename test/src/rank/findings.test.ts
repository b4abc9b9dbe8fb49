// Which finding lists which effect, and in which order do they come?
import { describe, expect, test } from 'vitest';
import type { Fail } from '../../../src/model/verdict.ts';
import { fail, headed, lines, ranked, rule, subject } from '../../kit/verdicts.ts';

describe('findings', () => {
  test('one for all subjects of a rule and group, another for another group', () => {
    const rules = [rule('certificate', 0)];
    const verdicts = [
      fail('certificate', 'm2', { group: 'server' }),
      fail('certificate', 'm1', { group: 'server' }),
      fail('certificate', 'm3', { group: 'peer' }),
    ];
    expect(lines(ranked(rules, ...verdicts))).toEqual(['certificate(m1) certificate(m2)', 'certificate(m3)']);
  });

  test('a subject whose verdict is explained is not among the causes of its rule', () => {
    const rules = [rule('cause', 0, { to: 'server' }), rule('server', 3)];
    expect(lines(ranked(rules, fail('cause', 'm1'), fail('server', 'm1'), fail('server', 'm2')))).toEqual([
      'cause(m1) > server(m1)',
      'server(m2)',
    ]);
  });

  test('an effect of two stands under the nearer one, the other says so', () => {
    const rules = [
      rule('far', 0, { to: 'middle' }),
      rule('middle', 1, { to: 'effect' }),
      rule('near', 2, { to: 'effect' }),
      rule('effect', 3),
    ];
    const ranking = ranked(rules, fail('far', 'm1'), fail('middle', 'm1'), fail('near', 'm1'), fail('effect', 'm1'));
    expect(lines(ranking)).toEqual(['far(m1) > middle(m1)', 'near(m1) > effect(m1) +1']);
  });

  test('of two equally near, under the one that comes first', () => {
    const rules = [rule('one', 1, { to: 'effect' }), rule('two', 0, { to: 'effect' }), rule('effect', 3)];
    expect(lines(ranked(rules, fail('one', 'm1'), fail('two', 'm1'), fail('effect', 'm1')))).toEqual([
      'two(m1) > effect(m1) +2',
      'one(m1)',
    ]);
  });

  test('under a proven cause rather than a nearer unproven one, which stays what it was', () => {
    const rules = [
      rule('proven', 2, { to: 'middle' }),
      rule('middle', 2, { to: 'effect' }),
      rule('guess', 0, { to: 'effect', unproven: true }),
      rule('effect', 3),
    ];
    const ranking = ranked(
      rules,
      fail('proven', 'm1'),
      fail('middle', 'm1'),
      fail('guess', 'm1', { witness: 'stated' }),
      fail('effect', 'm1'),
    );
    expect(lines(ranking)).toEqual(['guess(m1)', 'proven(m1) > middle(m1), effect(m1) +1']);
    expect(headed(ranking, 'guess').confidence).toBe('certain');
  });
});

describe('order', () => {
  const order = (...verdicts: readonly Fail[]): readonly string[] => {
    const rules = [rule('a', 3), rule('b', 3), rule('low', 1), rule('spread', 3, { to: 'x' }), rule('x', 4)];
    const forwards = ranked(rules, ...verdicts).findings.map((finding) => String(finding.cause.rule));
    expect(ranked([...rules].reverse(), ...[...verdicts].reverse()).findings.map((finding) => String(finding.cause.rule))).toEqual(
      forwards,
    );
    return forwards;
  };
  const late = { since: { earliest: 200, latest: 300 } };
  const early = { since: { earliest: 100, latest: 300 } };

  test('impact before severity', () => {
    expect(order(fail('a', 'm1', { severity: 'critical' }), fail('b', 'm1', { impact: 'outage' }))).toEqual(['b', 'a']);
  });
  test('severity before breadth', () => {
    expect(order(fail('a', 'cluster'), fail('b', 'm1', { severity: 'critical' }))).toEqual(['b', 'a']);
  });
  test('breadth before layer: cluster, load balancer, several nodes, one node, an object', () => {
    expect(order(fail('low', 'm1'), fail('b', 'cluster'))).toEqual(['b', 'low']);
    expect(order(fail('a', 'lb'), fail('b', 'cluster'))).toEqual(['b', 'a']);
    expect(order(fail('a', 'm1'), fail('a', 'm2'), fail('b', 'lb'))).toEqual(['b', 'a']);
    expect(order(fail('a', 'm1'), fail('b', 'm1'), fail('b', 'm2'))).toEqual(['b', 'a']);
    expect(order(fail('a', subject('x', 'object', {})), fail('a', subject('y', 'object', {})), fail('b', 'm1'))).toEqual(['b', 'a']);
    expect(
      order(fail('a', 'm3'), fail('b', subject('x', 'file', { node: 'm1' })), fail('b', subject('y', 'file', { node: 'm2' }))),
    ).toEqual(['b', 'a']);
  });
  test('layer before witness', () => {
    expect(order(fail('a', 'm1', { witness: 'stated' }), fail('low', 'm1'))).toEqual(['low', 'a']);
  });
  test('stated before measured, whatever it brings about', () => {
    expect(order(fail('spread', 'm1'), fail('x', 'm1'), fail('b', 'm1', { witness: 'stated' }))).toEqual(['b', 'spread']);
  });
  test('many effects before an early start', () => {
    expect(order(fail('a', 'm1', early), fail('spread', 'm1', late), fail('x', 'm1'))).toEqual(['spread', 'a']);
  });
  test('an early start before a late one, a known one before none', () => {
    expect(order(fail('a', 'm1', late), fail('b', 'm1', early))).toEqual(['b', 'a']);
    expect(order(fail('a', 'm1'), fail('b', 'm1', late))).toEqual(['b', 'a']);
  });
  test('the name in the end', () => {
    expect(order(fail('b', 'm1'), fail('a', 'm1'))).toEqual(['a', 'b']);
  });
  test('a cause weighs as much as the worst it brings about', () => {
    expect(order(fail('spread', 'm1', { impact: 'at-risk' }), fail('x', 'm1', { impact: 'outage' }), fail('a', 'm1'))).toEqual([
      'spread',
      'a',
    ]);
  });
});
