import { expect, test } from 'vitest';
import { rules } from '../../rules/index.ts';
import { tree } from '../../rules/tree.ts';
import { judgeAll } from '../../src/judge/judge.ts';
import { walk } from '../../src/judge/walk.ts';
import { vitalUnanswered } from '../../src/model/tree.ts';
import type { EvidenceId } from '../../src/model/evidence.ts';
import { healthyWorld, type World } from '../kit/world.ts';

const needsCertificate: readonly EvidenceId[] = ['etcd.status', 'etcd.members', 'etcd.hash', 'etcd.read', 'etcd.clock'];
const needsPortForward: readonly EvidenceId[] = ['etcd.metrics', 'etcd.health'];
const needsMoreThanView: readonly EvidenceId[] = ['kube.nodes', 'kube.node-leases', 'kube.leases', 'api.metrics', 'kube.kubeadm-config'];

function without(ids: readonly EvidenceId[]): World {
  return ids.reduce((world, id) => world.missing(id), healthyWorld());
}

function look(world: World) {
  const verdicts = judgeAll(rules, world.evidence, world.topology);
  const steps = walk(tree, verdicts);
  return { verdicts, steps, open: vitalUnanswered(steps).map((one) => one.question) };
}

test('every rule answers one question, and every question asks rules that exist', () => {
  expect(tree.flatMap((question) => question.rules).sort()).toEqual(rules.map((rule) => rule.id).sort());
});

test.each([
  ['with an etcd certificate', [] as readonly EvidenceId[]],
  ['with a kubeconfig that may forward ports', needsCertificate],
])('healthy, %s: nothing fails and every vital question is answered with yes', (_words, missing) => {
  const { verdicts, steps, open } = look(without(missing));
  expect(verdicts.filter((verdict) => verdict.status === 'fail')).toEqual([]);
  expect(open).toEqual([]);
  expect(steps.filter((step) => step.vital).map((step) => step.answer)).toEqual(Array(7).fill('yes'));
});

test('healthy, with a view-only kubeconfig: nothing fails, and what it cannot see stays open', () => {
  const { verdicts, open } = look(without([...needsCertificate, ...needsPortForward, ...needsMoreThanView]));
  expect(verdicts.filter((verdict) => verdict.status === 'fail')).toEqual([]);
  expect(open).toEqual(expect.arrayContaining(['etcd-quorum', 'etcd-room', 'leases-held']));
});

test('nothing at all was seen: no vital question is answered and nothing passes', () => {
  const { verdicts, steps, open } = look(without([...new Set(healthyWorld().evidence.items.map((item) => item.id))]));
  expect(verdicts.filter((verdict) => verdict.status === 'pass' || verdict.status === 'fail')).toEqual([]);
  expect(open).toEqual(steps.filter((step) => step.vital).map((step) => step.question));
});

test('backups are not asked about yet, which is not a yes', () => {
  expect(look(healthyWorld()).steps.find((step) => step.branch === 'backup')?.answer).toBe('not-asked');
});
