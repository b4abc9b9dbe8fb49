// Does etcd-fragmentation see files that are mostly empty, and only those that are worth a defragmentation?
import { expect, test } from 'vitest';
import rule from '../../../rules/etcd/etcd-fragmentation.ts';
import { sized } from '../../kit/slow.ts';
import { asFail, changeStatus, expectTextsFilled, fixesOf, healthyWorld, knocksOnly, names, silence } from './kit.ts';

const mebibyte = 1024 ** 2;

test.each([
  [250, 130, 'pass'],
  [250, 124, 'fail'],
  [210, 100, 'pass'],
  [1050, 50, 'pass'],
  [1051, 50, 'fail'],
] as const)('a file of %i MiB with %i MiB in use: %s', (size, inUse, status) => {
  const world = names.reduce((sofar, node) => sized(sofar, node, size * mebibyte, inUse * mebibyte), healthyWorld());
  expect(world.verdict(rule, 'm2').status).toBe(status);
});

test('a member that was left out of a defragmentation is a note', () => {
  const world = names.reduce((sofar, node) => sized(sofar, node, 200 * mebibyte, 180 * mebibyte), healthyWorld());
  const verdict = asFail(sized(world, 'm2', 401 * mebibyte, 201 * mebibyte).verdict(rule, 'm2'));
  expect([verdict.reason, verdict.severity, verdict.facts['others']]).toEqual(['uneven', 'info', '200 MiB']);
  expect(sized(world, 'm2', 400 * mebibyte, 201 * mebibyte).verdict(rule, 'm2').status).toBe('pass');
});

test('texts, and one defragmentation after the other', () => {
  const world = names.reduce((sofar, node) => sized(sofar, node, 900 * mebibyte, 200 * mebibyte), healthyWorld());
  const verdicts = names.map((node) => asFail(world.verdict(rule, node)));
  expect(verdicts[0]?.facts).toMatchObject({ percent: 77, free: '700 MiB', size: '900 MiB' });
  for (const verdict of verdicts) expectTextsFilled(rule, verdict);
  const fixes = fixesOf(world, rule, ...verdicts);
  expect(fixes.map((fix) => fix.run[0]?.slice(28, 38))).toEqual(['10.89.0.12', '10.89.0.13', '10.89.0.11']);
});

test('no command is printed while a member is down', () => {
  const world = sized(silence(healthyWorld(), 'm3'), 'm2', 900 * mebibyte, 200 * mebibyte);
  const fixes = fixesOf(world, rule, asFail(world.verdict(rule, 'm2')));
  expect(fixes.map(({ do: what }) => what)).toEqual([expect.stringContaining('Bring m3 back first')]);
  expect(fixes.flatMap(({ run }) => run).join()).not.toContain('defrag');
});

test('nobody asked, or a version that does not tell: unknown', () => {
  expect(knocksOnly(healthyWorld()).verdict(rule, 'm2').status).toBe('unknown');
  const world = changeStatus(healthyWorld().missing('etcd.metrics'), 'm2', ({ dbSizeInUse: _none, ...rest }) => rest);
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
  expect(silence(healthyWorld(), 'm2').verdict(rule, 'm2').status).toBe('not-applicable');
});
