import { expect, test } from 'vitest';
import { tree } from '../../rules/tree.ts';

const branches = ['gate', 'api', 'load-balancer', 'etcd', 'leases', 'nodes', 'clocks', 'certificates', 'backup', 'posture'];

test('the branches are what --only takes, in the order of the walk', () => {
  expect([...new Set(tree.map((question) => question.branch))]).toEqual(branches);
});

test('ids are unique and every way leads to a question', () => {
  const ids = tree.map((question) => question.id);
  expect(new Set(ids).size).toBe(ids.length);
  const targets = tree.flatMap(({ next }) => [...next.yes, ...next.no]);
  expect(targets.filter((id) => !ids.includes(id))).toEqual([]);
});

test('from the first question every other one can be reached', () => {
  const reached = new Set<string>();
  const visit = (id: string): void => {
    if (reached.has(id)) return;
    reached.add(id);
    const next = tree.find((question) => question.id === id)?.next;
    for (const other of [...(next?.yes ?? []), ...(next?.no ?? [])]) visit(other);
  };
  visit(tree[0]?.id ?? '');
  expect(tree.map((question) => question.id).filter((id) => !reached.has(id))).toEqual([]);
});

test('no rule answers two questions', () => {
  const rules = tree.flatMap((question) => question.rules);
  expect(rules.filter((rule, index) => rules.indexOf(rule) !== index)).toEqual([]);
});

test('rules that need an etcd client certificate or two looks are in no vital question', () => {
  const vital = tree.filter((question) => question.vital).flatMap((question) => question.rules);
  for (const rule of [
    'etcd-hash-mismatch',
    'etcd-requests-failing',
    'etcd-member-count',
    'clock-etcd-skew',
    'le-flapping',
    'api-5xx-ratio',
    'etcd-leader-changes',
  ]) {
    expect(vital).not.toContain(rule);
  }
});

test('questions fit a line of the screen and read as questions', () => {
  for (const { ask } of tree) expect(ask).toMatch(/^[^\n]{5,44}\?$/);
});
