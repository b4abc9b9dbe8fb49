import { expect, test } from 'vitest';
import { rules } from '../../../rules/index.ts';
import { tree } from '../../../rules/tree.ts';
import { UsageError } from '../../../src/model/errors.ts';
import { branchNames, forBranch } from '../../../src/pipeline/branch.ts';
import { probes } from '../../../src/probes/index.ts';

const branches = branchNames(tree);

test('without a branch everything is asked', () => {
  expect(forBranch(undefined, rules, tree, probes)).toEqual({ rules, tree, probes });
});

test('an unknown branch is a usage error that names those there are', () => {
  const ask = () => forBranch('etc', rules, tree, probes);
  expect(ask).toThrow(UsageError);
  expect(ask).toThrow(`there is no branch "etc"; there are ${branches.join(', ')}`);
});

test('a branch keeps its own rules and is smaller than the whole', () => {
  for (const branch of branches) {
    const kept = forBranch(branch, rules, tree, probes);
    const asked = new Set(tree.filter((question) => question.branch === branch).flatMap((question) => question.rules));
    expect(new Set(kept.rules.map((rule) => rule.id))).toEqual(new Set(rules.map((rule) => rule.id).filter((id) => asked.has(id))));
    expect(kept.rules.length).toBeLessThan(rules.length);
    expect(kept.tree.every((question) => question.branch === branch)).toBe(true);
  }
  expect(new Set(branches).size).toBe(branches.length);
});

test.each(branches)('%s looks at everything its rules need, and no probe waits for one that was left out', (branch) => {
  const kept = forBranch(branch, rules, tree, probes);
  const there = new Set(kept.probes.map((probe) => probe.id));
  const needs = kept.rules.flatMap((rule) => rule.needs as readonly string[]);
  const awaited = kept.probes.flatMap((probe) => [...probe.after, ...(probe.afterWithoutEtcd ?? []), ...(probe.afterEvery ?? [])]);
  expect([...needs, ...awaited].filter((id) => !(there as ReadonlySet<string>).has(id))).toEqual([]);
});
