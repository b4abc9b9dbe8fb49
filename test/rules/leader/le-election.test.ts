// Are elections that are switched off, divided or badly timed told from sound ones?
import { expect, test } from 'vitest';
import disabled from '../../../rules/leader/le-disabled.ts';
import foreign from '../../../rules/leader/le-foreign-lock.ts';
import timing from '../../../rules/leader/le-timing.ts';
import two from '../../../rules/leader/le-two-active.ts';
import drift from '../../../rules/apiserver/api-flag-drift.ts';
import { changeLease, leaderWorlds, notReady, otherStore, scheduler, startedWith } from '../../kit/leader-worlds.ts';
import { avoidOf, fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, type World } from '../../kit/world.ts';

const rules = [disabled, foreign, timing, two];

function world(name: string): World {
  const build = leaderWorlds[name];
  if (build === undefined) throw new Error(`there is no world in which ${name}`);
  return build();
}

test('a healthy cluster passes', () => {
  for (const rule of rules) expect(healthyWorld().judge(rule), rule.id).toMatchObject([{ status: 'pass' }, { status: 'pass' }]);
});

test('without pods or their nodes nobody can say', () => {
  for (const rule of rules)
    for (const id of ['kube.control-plane-pods', 'kube.nodes', 'kube.node-leases'] as const)
      for (const verdict of healthyWorld().missing(id).judge(rule)) expect(verdict.status, `${rule.id} without ${id}`).toBe('unknown');
});

test('an instance that is not elected beside others: critical, and two work at once', () => {
  const sick = world('one scheduler is not elected');
  const verdict = asFail(sick.verdict(disabled, scheduler));
  expect(verdict).toMatchObject({ severity: 'critical', reason: 'several', subject: { keys: { node: 'm2' } }, facts: { names: 'm2' } });
  const effect = asFail(sick.verdict(two, scheduler));
  expect(effect).toMatchObject({ severity: 'critical', reason: 'no-election' });
  for (const [rule, one] of [
    [disabled, verdict],
    [two, effect],
  ] as const)
    expect(unfilled(rule, one)).toEqual([]);
  expect(gateOf(disabled, sick, verdict, asFail(sick.verdict(drift, 'kube-scheduler')))).toEqual(['yes']);
  expect(fixesOf(disabled, sick, verdict)).toMatchObject([{ where: 'm2', risk: 'medium', needs: [{ met: 'yes' }] }]);
  expect(fixesOf(two, sick, effect)[0]?.run).toHaveLength(3);
  expect(avoidOf(two, sick, effect)[0]).toContain('clocks');
});

test('the only instance need not be elected: a note', () => {
  const sick = startedWith(healthyWorld(), 'kube-scheduler', undefined, '--leader-elect=false').set(
    'kube.control-plane-pods',
    undefined,
    (old) => ({ ...old, pods: old.pods.filter((pod) => pod.component !== 'kube-scheduler' || pod.node === 'm1') }),
  );
  expect(asFail(sick.verdict(disabled, scheduler))).toMatchObject({ severity: 'info', reason: 'single' });
});

test.each(['0', 'f', 'F', 'False', 'FALSE'])('an election switched off by %s is switched off, as Go reads it', (off) => {
  const sick = startedWith(healthyWorld(), 'kube-scheduler', 'm2', `--leader-elect=${off}`);
  expect(asFail(sick.verdict(disabled, scheduler))).toMatchObject({ reason: 'several', facts: { names: 'm2' } });
  expect(asFail(sick.verdict(two, scheduler)).reason).toBe('no-election');
});

test.each(['1', 't', 'T', 'True', 'TRUE', 'true'])('an election switched on by %s is on', (on) => {
  const sound = startedWith(healthyWorld(), 'kube-scheduler', 'm2', `--leader-elect=${on}`);
  expect(sound.verdict(disabled, scheduler).status).toBe('pass');
});

test('an instance of a dead kubelet may run with other flags by now; a configuration file hides them', () => {
  for (const rule of rules) expect(notReady(healthyWorld(), 'm2', 120_000).verdict(rule, scheduler).status, rule.id).toBe('unknown');
  const file = startedWith(healthyWorld(), 'kube-scheduler', undefined, '--config=/etc/scheduler.yaml', '--leader-elect=');
  for (const rule of rules) expect(file.verdict(rule, scheduler).status, rule.id).toBe('unknown');
});

test('a lock that nobody gets: a standby less, and one that works', () => {
  const sick = world('one scheduler waits for a lock of its own');
  expect(asFail(sick.verdict(foreign, scheduler))).toMatchObject({ severity: 'warning', impact: 'at-risk' });
  expect(unfilled(foreign, asFail(sick.verdict(foreign, scheduler)))).toEqual([]);
  expect(sick.verdict(two, scheduler).status).toBe('pass');
  const elsewhere = startedWith(healthyWorld(), 'kube-scheduler', 'm2', '--leader-elect-resource-namespace=ops');
  expect(elsewhere.verdict(two, scheduler).status).toBe('unknown');
});

test('instances that elect by two locks', () => {
  const sick = world('schedulers elect by two locks');
  const verdict = asFail(sick.verdict(foreign, scheduler));
  expect(verdict).toMatchObject({ severity: 'critical', subject: { keys: { node: 'm2' } } });
  expect(verdict.facts['rows']).toContainEqual({ node: 'm2', lock: 'Lease kube-system/second' });
  expect(unfilled(foreign, verdict)).toEqual([]);
  expect(fixesOf(foreign, sick, verdict)).toMatchObject([{ where: 'm2', needs: [{ met: 'yes' }] }]);
  expect(asFail(sick.verdict(two, scheduler)).reason).toBe('two-locks');
  expect(gateOf(foreign, sick, verdict, asFail(sick.verdict(drift, 'kube-scheduler')))).toEqual(['yes']);
});

test.each([
  [['--leader-elect-renew-deadline=20s'], 'refused', 'critical'],
  [['--leader-elect-retry-period=9s'], 'refused', 'critical'],
  [['--leader-elect-lease-duration=30s'], 'unequal', 'warning'],
])('timings on one master: %s', (flags, reason, severity) => {
  const sick = startedWith(healthyWorld(), 'kube-scheduler', 'm2', ...flags);
  const verdict = asFail(sick.verdict(timing, scheduler));
  expect(verdict).toMatchObject({ reason, severity, subject: { keys: { node: 'm2' } } });
  expect(unfilled(timing, verdict)).toEqual([]);
  expect(fixesOf(timing, sick, verdict)).toMatchObject([{ where: 'm2' }]);
  expect(gateOf(timing, sick, verdict, asFail(sick.verdict(drift, 'kube-scheduler')))).toEqual(['yes']);
});

test.each([
  [['--leader-elect-lease-duration=2m', '--leader-elect-renew-deadline=1m40s'], 'slow'],
  [['--leader-elect-lease-duration=6s', '--leader-elect-renew-deadline=4s', '--leader-elect-retry-period=1s'], 'tight'],
])('timings on all masters: %s', (flags, reason) => {
  const sick = startedWith(healthyWorld(), 'kube-scheduler', undefined, ...flags);
  expect(asFail(sick.verdict(timing, scheduler))).toMatchObject({ reason, severity: 'warning' });
  expect(fixesOf(timing, sick, asFail(sick.verdict(timing, scheduler)))).toHaveLength(3);
});

test('values that are no durations are not taken for good ones', () => {
  const odd = startedWith(healthyWorld(), 'kube-scheduler', 'm2', '--leader-elect-renew-deadline=soon');
  expect(odd.verdict(timing, scheduler).status).toBe('unknown');
});

test('API servers that show different leases: only when it lasts', () => {
  const sick = otherStore(healthyWorld(), 'm3');
  const verdict = asFail(sick.verdict(two, scheduler));
  expect(verdict).toMatchObject({ reason: 'two-stores', witness: 'agreed' });
  expect(verdict.supports).toMatchObject([{ state: 'good' }, { state: 'good' }, { name: 'm3', state: 'lost' }]);
  expect(unfilled(two, verdict)).toEqual([]);
  const once = healthyWorld().set('api.leases', 'm3', (old) => ({ ...old, leases: old.leases.map((one) => ({ ...one, uid: 'another' })) }));
  expect(once.verdict(two, scheduler)).toMatchObject({ status: 'unknown', secondLook: 'decides' });
});

test('an API server that serves and showed no leases leaves it open; one that is down does not', () => {
  expect(healthyWorld().missing('api.leases', 'm2').verdict(two, scheduler).status).toBe('unknown');
  const down = healthyWorld()
    .missing('api.leases', 'm2')
    .set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(down.verdict(two, scheduler).status).toBe('pass');
});

test('a lease that goes to and fro', () => {
  const sick = healthyWorld();
  const first = sick.evidence.items.find((one) => one.id === 'kube.leases');
  if (first?.state !== 'known' || first.id !== 'kube.leases') throw new Error('the world has leases');
  const later = (holder: string, after: number): void => {
    const leases = first.value.leases.map((one) => (one.name === 'kube-scheduler' ? { ...one, holder } : one));
    sick.again('kube.leases', undefined, { ...first.value, leases }, after);
  };
  later('m2_77aa-11', 5000);
  expect(sick.verdict(two, scheduler).status).toBe('pass');
  later('m1_9f3e', 10_000);
  expect(asFail(sick.verdict(two, scheduler)).reason).toBe('alternating');
  expect(changeLease(healthyWorld(), 'kube-scheduler', {}).verdict(two, scheduler).status).toBe('pass');
});
