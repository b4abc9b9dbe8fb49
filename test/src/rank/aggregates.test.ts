// How are aggregates, their parts, and parts of two aggregates told apart?
import { describe, expect, test } from 'vitest';
import { fail, first, good, lines, lost, pass, ranked, rule, subject } from '../../kit/verdicts.ts';

const quorum = (...more: Parameters<typeof rule>[2][]) =>
  rule('quorum', 2, { to: 'member', kind: 'made-of', on: 'cluster', covers: 'quorum', match: 'node' }, ...more);
const outage = { impact: 'outage', severity: 'critical', witness: 'stated' } as const;
const lostQuorum = (...nodes: readonly string[]) =>
  fail('quorum', 'cluster', {
    ...outage,
    supports: [...lost(...nodes), ...good(...['m1', 'm2', 'm3'].filter((node) => !nodes.includes(node)))],
  });

describe('parts', () => {
  test('stand under their aggregate and are no causes; what they bring about it brings about', () => {
    const rules = [quorum(), rule('member', 1, { to: 'ready' }), rule('ready', 3)];
    const verdicts = [lostQuorum('m1', 'm2'), fail('member', 'm1'), fail('member', 'm2'), fail('ready', 'm1')];
    expect(lines(ranked(rules, ...verdicts))).toEqual(['quorum > part member(m1), part member(m2), ready(m1)']);
  });

  test('are only what the aggregate rests on: a learner that is down stays a finding', () => {
    const rules = [quorum(), rule('member', 1)];
    const verdicts = [lostQuorum('m1', 'm2'), fail('member', 'm1'), fail('member', 'm2'), fail('member', 'm4')];
    expect(lines(ranked(rules, ...verdicts))).toEqual(['quorum > part member(m1), part member(m2)', 'member(m4)']);
  });

  test('may have begun before the aggregate', () => {
    const rules = [quorum(), rule('member', 1)];
    const aggregate = { ...lostQuorum('m1', 'm2'), since: { earliest: 500, latest: 600 } };
    const verdicts = [aggregate, fail('member', 'm1', { since: { earliest: 1, latest: 2 } }), fail('member', 'm2')];
    expect(lines(ranked(rules, ...verdicts))).toEqual(['quorum > part member(m1), part member(m2)']);
  });

  test('of two aggregates are listed once and named by both', () => {
    const down = rule('all-down', 3, { to: 'member', kind: 'made-of', on: 'cluster' });
    const ranking = ranked(
      [quorum(), down, rule('member', 1)],
      lostQuorum('m1', 'm2'),
      fail('all-down', 'cluster'),
      fail('member', 'm1'),
      fail('member', 'm2'),
    );
    expect(lines(ranking)).toEqual(['quorum > part member(m1) +2, part member(m2) +2', 'all-down']);
  });

  test('of a part are parts', () => {
    const big = rule('big', 4, { to: 'small', kind: 'made-of', on: 'cluster' });
    const small = rule('small', 3, { to: 'piece', kind: 'made-of' });
    const rules = [big, small, rule('piece', 3), rule('cause', 0, { to: 'piece' })];
    expect(lines(ranked(rules, fail('big', 'cluster'), fail('small', 'm1'), fail('piece', 'm1')))).toEqual([
      'big > part small(m1), part piece(m1)',
    ]);
    const above = lines(ranked(rules, fail('big', 'cluster'), fail('small', 'm1'), fail('piece', 'm1'), fail('cause', 'm1')));
    expect(above).toEqual(['cause(m1) > big, piece(m1), small(m1)']);
  });
});

describe('an aggregate without supports counts the subjects of its parts', () => {
  const rules = [
    rule('all-down', 3, { to: 'silent', kind: 'made-of', on: 'cluster' }, { to: 'not-ready', kind: 'made-of', on: 'cluster' }),
    rule('silent', 3),
    rule('not-ready', 3),
    rule('etcd', 1, { to: 'not-ready' }),
  ];

  test('two ways to be down on one subject are one loss', () => {
    const parts = [fail('not-ready', 'm1'), fail('silent', 'm1'), fail('not-ready', 'm2')];
    const ranking = ranked(rules, fail('all-down', 'cluster', outage), ...parts, fail('etcd', 'm1'), fail('etcd', 'm2'));
    expect(ranking.findings.map((finding) => finding.cause.rule)).toEqual(['etcd']);
  });

  test('and cannot know what a quorum of them would be', () => {
    const sum = rule('sum', 3, { to: 'part', kind: 'made-of', on: 'cluster', covers: 'quorum', match: 'node' });
    const parts = ['m1', 'm2', 'm3'].map((node) => fail('part', node));
    const some = ranked(
      [sum, rule('part', 3), rule('etcd', 1, { to: 'part' })],
      fail('sum', 'cluster', outage),
      ...parts,
      fail('etcd', 'm1'),
      fail('etcd', 'm2'),
    );
    expect(some.findings.map((finding) => finding.cause.rule)).toEqual(['sum', 'etcd']);
  });

  test('one subject without a cause is enough to keep it a cause itself', () => {
    const parts = [fail('not-ready', 'm1'), fail('silent', 'm2')];
    const ranking = ranked(rules, fail('all-down', 'cluster', outage), ...parts, fail('etcd', 'm1'));
    expect(ranking.findings.map((finding) => finding.cause.rule)).toEqual(['all-down', 'etcd']);
  });
});

describe('two aggregates that share parts', () => {
  const host = rule(
    'host',
    0,
    { to: 'member', kind: 'made-of', produces: ['timeout'] },
    { to: 'server', kind: 'made-of', produces: ['timeout'] },
  );
  const rules = [quorum({ to: 'server', on: 'cluster', produces: ['hung'] }), host, rule('member', 1), rule('server', 3)];
  const gone = (node: string) => [
    fail('host', node),
    fail('member', node, { reason: 'timeout' }),
    fail('server', node, { reason: 'timeout' }),
  ];

  test('machines that are gone explain a lost quorum', () => {
    const ranking = ranked(rules, lostQuorum('m1', 'm2'), ...gone('m1'), ...gone('m2'));
    expect(ranking.findings.map((finding) => finding.cause.rule)).toEqual(['host']);
  });

  test('a lost quorum never explains that a machine is gone, not even one with an etcd member only', () => {
    const verdicts = [
      lostQuorum('m1', 'm2'),
      fail('host', 'm1'),
      fail('member', 'm1', { reason: 'timeout' }),
      fail('member', 'm2', { reason: 'refused' }),
    ];
    const ranking = ranked(rules, ...verdicts);
    expect(ranking.findings.map((finding) => finding.cause.rule)).toEqual(['quorum', 'host']);
  });
});

test('an aggregate over another: what alone lies under the one lies under both', () => {
  const down = rule('all-down', 3, { to: 'server', kind: 'made-of', on: 'cluster', covers: 'all', match: 'node' });
  const rules = [
    quorum({ to: 'server', on: 'cluster' }),
    down,
    rule('member', 1),
    rule('server', 3),
    rule('certificate', 0, { to: 'member' }),
    rule('disk', 0, { to: 'member' }),
  ];
  const servers = ['m1', 'm2', 'm3'].map((node) => fail('server', node));
  const allDown = fail('all-down', 'cluster', { ...outage, supports: lost('m1', 'm2', 'm3') });
  const base = [lostQuorum('m1', 'm2'), fail('member', 'm1'), fail('member', 'm2'), allDown, ...servers];
  expect(ranked(rules, ...base).findings.map((finding) => finding.cause.rule)).toEqual(['quorum']);
  const joint = ranked(rules, ...base, fail('certificate', 'm1'), fail('disk', 'm2'));
  expect(joint.findings.map((finding) => [finding.cause.rule, finding.togetherWith])).toEqual([
    ['certificate', [2]],
    ['disk', [1]],
  ]);
  const reached = joint.findings.flatMap((finding) => finding.effects.map((effect) => String(effect.rule)));
  expect(reached.filter((one) => one === 'all-down')).toHaveLength(1);
});

test('an aggregate that passed or was not judged hides nothing', () => {
  const rules = [quorum(), rule('member', 1)];
  expect(lines(ranked(rules, pass('quorum', 'cluster'), fail('member', 'm1')))).toEqual(['member(m1)']);
});

test('two aggregates that would each lead the other are not lost', () => {
  const one = rule('one', 2, { to: 'p', kind: 'made-of', on: 'cluster' }, { to: 'q', on: 'cluster' });
  const two = rule('two', 2, { to: 'q', kind: 'made-of', on: 'cluster' }, { to: 'p', on: 'cluster' });
  const ranking = ranked(
    [one, two, rule('p', 3), rule('q', 3)],
    fail('one', 'cluster'),
    fail('two', 'cluster'),
    fail('p', 'm1'),
    fail('q', 'm1'),
  );
  expect(lines(ranking)).toHaveLength(1);
  expect(first(ranking).effects).toHaveLength(3);
});

test('rules that go in circles lose no verdict', () => {
  const rules = [rule('a', 1, { to: 'b' }), rule('b', 2, { to: 'c' }), rule('c', 3, { to: 'a' })];
  const ranking = ranked(rules, fail('c', 'm1'), fail('b', 'm1'), fail('a', 'm1'));
  expect(lines(ranking)).toEqual(['a(m1) > b(m1), c(m1)']);
  expect(lines(ranked([...rules].reverse(), fail('a', 'm1'), fail('b', 'm1'), fail('c', 'm1')))).toEqual(lines(ranking));
});

test('a subject of another kind with the same name is another subject', () => {
  const rules = [rule('a', 1)];
  expect(
    ranked(rules, fail('a', 'm1'), fail('a', subject('m1', 'member', { node: 'm1', member: '1' }))).findings[0]?.subjects,
  ).toHaveLength(2);
});
