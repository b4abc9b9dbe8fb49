import { expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-backend-down.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { type World, asFail, healthyWorld, now } from '../../kit/world.ts';
import { addRows, behindEnvoy, failedCheck, row, timedOut, withoutBalancer } from './balancer.ts';

test('every server of a healthy balancer passes', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => `${verdict.subject.id} ${verdict.status}`),
  ).toEqual(['10.89.0.10:8443/api/m1 pass', '10.89.0.10:8443/api/m2 pass', '10.89.0.10:8443/api/m3 pass']);
});

test.each([
  ['DOWN', 'L4CON', 'refused'],
  ['DOWN', 'L4TOUT', 'timeout'],
  ['DOWN', 'L6RSP', 'tls'],
  ['DOWN', 'L6TOUT', 'tls'],
  ['DOWN', 'L7STS', 'http'],
  ['DOWN', 'L7RSP', 'http'],
  ['DOWN', 'L7TOUT', 'slow'],
  ['DOWN', '* L4CON', 'refused'],
  ['DOWN (agent)', 'SOCKERR', 'other'],
  ['MAINT', 'L7OK', 'maintenance'],
  ['MAINT (via other/m2)', '', 'maintenance'],
  ['DRAIN', 'L7OK', 'maintenance'],
  ['NOLB', 'L7STS', 'maintenance'],
])('%s %s is down: %s', (status, checkStatus, reason) => {
  const world = row(healthyWorld(), 'm2', { status, checkStatus });
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict.reason).toBe(reason);
  expect(verdict.subject.keys).toEqual({ node: 'm2', apiserver: '10.89.0.12:6443', lb: '10.89.0.10:8443' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(world.verdict(rule, 'm1').status).toBe('pass');
});

test.each(['UP', 'UP 1/3', 'UP 2/3', 'DOWN 1/2', 'no check'])('%s is not down', (status) => {
  expect(row(healthyWorld(), 'm2', { status, checkStatus: 'L7STS' }).verdict(rule, 'm2').status).toBe('pass');
});

test('a state that HAProxy has learnt since is unknown', () => {
  expect(row(healthyWorld(), 'm2', { status: 'PENDING' }).verdict(rule, 'm2').status).toBe('unknown');
});

test('it is down since its row last changed, within a second', () => {
  const verdict = asFail(
    row(healthyWorld(), 'm2', { status: 'DOWN', checkStatus: 'L7STS', checkCode: 500, lastChange: 90 }).verdict(rule, 'm2'),
  );
  expect(verdict.since).toEqual({ earliest: now - 91_000, latest: now - 90_000 });
  expect(shown(rule, verdict)).toEqual(['api/m2 10.89.0.12:6443  DOWN L7STS/500, for 90 s']);
});

test('the address says which master it is, not the name', () => {
  const world = row(healthyWorld(), 'm2', { server: 'm3-old', status: 'DOWN', checkStatus: 'L4CON' });
  expect(asFail(world.verdict(rule, '10.89.0.10:8443/api/m3-old')).subject.name).toBe('m2');
});

test('a wrong port is still that machine; without addresses the name has to do', () => {
  const wrong = row(healthyWorld(), 'm3', { address: '10.89.0.13:6444', status: 'DOWN', checkStatus: 'L4CON' });
  expect(asFail(wrong.verdict(rule, 'm3')).subject.keys.apiserver).toBe('10.89.0.13:6443');
  const bare = row(row(healthyWorld(), '*', { address: '' }), 'm2', { status: 'DOWN', checkStatus: 'L4CON' });
  expect(asFail(bare.verdict(rule, 'm2')).subject.keys.node).toBe('m2');
});

test('a shared HAProxy: only the proxy with API servers in it counts', () => {
  const web = {
    proxy: 'web',
    server: 'shop',
    type: 'server',
    status: 'DOWN',
    checkStatus: 'L4CON',
    lastCheck: '',
    address: '10.89.0.21:80',
    mode: 'http',
  } as const;
  expect(addRows(healthyWorld(), web).judge(rule)).toHaveLength(3);
});

test('a table without any API server, or none at all, is unknown', () => {
  expect(
    row(healthyWorld(), '*', { address: '10.1.1.1:80', server: 'x' })
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown']);
  expect(
    healthyWorld()
      .missing('lb.stats')
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['unknown']);
});

test('where the kubeconfig names an API server there is no balancer to judge', () => {
  expect(
    withoutBalancer(healthyWorld())
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['not-applicable']);
});

test('a server in maintenance is put back by hand, one that is down is asked from there', () => {
  const maintained = row(healthyWorld(), 'm2', { status: 'MAINT', checkStatus: '' });
  expect(fixesOf(rule, maintained, asFail(maintained.verdict(rule, 'm2')))[0]?.run[0]).toContain('set server api/m2 state ready');
  const down = row(healthyWorld(), 'm2', { status: 'DOWN', checkStatus: 'L4CON' });
  expect(fixesOf(rule, down, asFail(down.verdict(rule, 'm2')))[0]?.run[0]).toContain('https://10.89.0.12:6443/readyz');
  // A server that is none of the masters, on a page that hides its address.
  const unlisted = row(healthyWorld(), 'm2', { status: 'DOWN', checkStatus: 'L4CON', address: '', server: 'old-m9' });
  const fix = fixesOf(rule, unlisted, asFail(unlisted.verdict(rule, 'old-m9')))[0];
  expect(fix?.run[0]).toContain("echo 'show servers state api' | socat");
  expect(fix?.run.join('\n')).not.toContain('https:///');
});

test('what was taken out by hand is a finding apart from what failed its checks', () => {
  const world = row(row(healthyWorld(), 'm2', { status: 'MAINT' }), 'm3', { status: 'DOWN', checkStatus: 'L4CON' });
  expect(asFail(world.verdict(rule, 'm2'))).toMatchObject({ group: 'maintenance', witness: 'stated' });
  expect(asFail(world.verdict(rule, 'm3')).group).toBeUndefined();
});

test('Envoy: what it has taken out, and why as far as it says', () => {
  const world = behindEnvoy(healthyWorld(), { m2: timedOut });
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'timeout', witness: 'measured' });
  expect(verdict.subject.keys).toEqual({ node: 'm2', apiserver: '10.89.0.12:6443', lb: '10.89.0.10:8443' });
  expect(shown(rule, verdict)).toEqual(['api/m2 10.89.0.12:6443  active_hc_timeout']);
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run[0]).toContain('https://10.89.0.12:6443/readyz');
  expect(world.verdict(rule, 'm1').status).toBe('pass');
  expect(asFail(behindEnvoy(healthyWorld(), { m2: failedCheck }).verdict(rule, 'm2')).reason).toBe('other');
  expect(asFail(behindEnvoy(healthyWorld(), { m2: ['failed_outlier_check'] }).verdict(rule, 'm2')).reason).toBe('other');
});

test('Envoy: a host that is drained is put back where it was drained, by no command of HAProxy’s', () => {
  const world = behindEnvoy(healthyWorld(), { m2: ['eds DRAINING'] });
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ reason: 'maintenance', group: 'maintenance' });
  expect(JSON.stringify(fixesOf(rule, world, verdict))).not.toContain('haproxy');
});

test('Envoy: what is called dead and gets clients all the same is not taken out; whether it does may be open', () => {
  const dead = { m2: failedCheck, m3: timedOut };
  const statuses = (world: World) => world.judge(rule).map((one) => one.status);
  expect(statuses(behindEnvoy(healthyWorld(), dead))).toEqual(['pass', 'pass', 'pass']);
  expect(statuses(behindEnvoy(healthyWorld(), dead, { panicBelow: 33, checks: ['http'] }))).toEqual(['pass', 'fail', 'fail']);
  expect(statuses(behindEnvoy(healthyWorld(), dead, {}))).toEqual(['pass', 'unknown', 'unknown']);
  expect(statuses(behindEnvoy(healthyWorld(), { m2: ['failed_active_health_check', 'pending_active_hc'] }))).toEqual([
    'pass',
    'unknown',
    'pass',
  ]);
});

test('Envoy: a list without any API server is unknown', () => {
  const world = behindEnvoy(healthyWorld()).set('lb.envoy', undefined, ({ clusters, hosts }) => ({
    clusters,
    hosts: hosts.map((host) => ({ ...host, address: '192.0.2.1:80' })),
  }));
  expect(world.judge(rule).map((one) => one.status)).toEqual(['unknown']);
});
