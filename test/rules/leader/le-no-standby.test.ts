// Is a controller that nobody could take over told from one with instances that stand by?
import { expect, test } from 'vitest';
import rule from '../../../rules/leader/le-no-standby.ts';
import { cloud, leaderWorlds, notReady, scheduler, withCloudControllers } from '../../kit/leader-worlds.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { answered, asFail, failedTries, healthyWorld } from '../../kit/world.ts';

test('with all or all but one of three there is a standby', () => {
  expect(healthyWorld().judge(rule)).toMatchObject([{ status: 'pass' }, { status: 'pass' }]);
  const world = healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(world.judge(rule)).toMatchObject([{ status: 'pass' }, { status: 'pass' }]);
});

test('one that is left has nobody to stand by', () => {
  const world = leaderWorlds['nobody stands by']?.() ?? healthyWorld();
  const verdict = asFail(world.verdict(rule, scheduler));
  expect(verdict).toMatchObject({ reason: 'lost', severity: 'warning', impact: 'at-risk', facts: { good: 1, all: 3 } });
  expect(verdict.supports).toMatchObject([{ state: 'good' }, { state: 'lost' }, { state: 'lost' }]);
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)).toHaveLength(1);
});

test('a single instance on several masters, a single master, none that can lead', () => {
  const few = healthyWorld().set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.filter((pod) => pod.component !== 'kube-scheduler' || pod.node === 'm1'),
  }));
  expect(asFail(few.verdict(rule, scheduler)).reason).toBe('few');
  const single = healthyWorld().set('kube.nodes', undefined, (old) => ({ ...old, nodes: old.nodes.filter((node) => node.name === 'm1') }));
  expect(single.verdict(rule, scheduler).status).toBe('not-applicable');
  const none = notReady(leaderWorlds['nobody stands by']?.() ?? healthyWorld(), 'm1', 120_000);
  expect(none.verdict(rule, scheduler).status).toBe('not-applicable');
});

test('an API server that wants a login for its health check is not lost, and what was not seen is not good', () => {
  const login = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) login.set('api.ready', node, { tries: [answered(node, 401)] });
  expect(login.verdict(rule, scheduler).status).toBe('unknown');
  for (const id of ['kube.nodes', 'kube.node-leases', 'api.ready'] as const)
    expect(healthyWorld().missing(id).verdict(rule, scheduler).status, id).toBe('unknown');
  for (const verdict of healthyWorld().missing('kube.control-plane-pods').judge(rule)) expect(verdict.status).toBe('unknown');
});

test('what is not known may be able: at most so many can lead', () => {
  const world = leaderWorlds['nobody stands by']?.() ?? healthyWorld();
  world.set('api.ready', 'm1', { tries: [answered('m1', 401)] });
  const verdict = asFail(world.verdict(rule, scheduler));
  expect(verdict.facts).toMatchObject({ good: 0, all: 3 });
  expect(String(verdict.facts['words'])).toBe('at most 1 of 3 instances can lead');
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(shown(rule, verdict)[0]).toContain('not known');
});

test('the cloud’s controllers on a worker lead without an API server beside them', () => {
  const world = withCloudControllers(healthyWorld());
  expect(String(asFail(world.verdict(rule, cloud)).facts['words'])).toBe('1 of 1 instances can lead');
  expect(withCloudControllers(world, 'm1').verdict(rule, cloud).status).toBe('pass');
  const away = withCloudControllers(world, 'm1').set('api.ready', 'm1', { tries: failedTries('m1', 'refused') });
  expect(away.verdict(rule, cloud).status).toBe('pass');
});
