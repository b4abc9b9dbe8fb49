// Is an API server that tells strangers nothing told apart from one that cannot read its etcd?
import { expect, test } from 'vitest';
import anonymousAuthOff from '../../../rules/apiserver/api-anonymous-auth-off.ts';
import allDown from '../../../rules/apiserver/api-all-masters-down.ts';
import masterUnreachable from '../../../rules/apiserver/api-master-unreachable.ts';
import readyzEtcd from '../../../rules/apiserver/api-readyz-etcd.ts';
import entry from '../../../rules/apiserver/api-lb-unreachable.ts';
import type { Try } from '../../../src/model/network.ts';
import { answered, asFail, failedTries, healthyWorld, type World } from '../../kit/world.ts';

/** All three answer strangers 403, and this to the operator's login. */
function closed(login: (node: string) => Try | undefined): World {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) {
    const told = login(node);
    world.set('api.ready', node, { tries: [answered(node, 403)], ...(told !== undefined && { login: told }) });
  }
  return world.set('lb.tries', undefined, ({ tries }) => ({
    tries: tries.map((one) => ({ ...one, outcome: { kind: 'answered', status: 403, body: '' } })),
  }));
}

test('ready with a login: it serves, directly and through the load balancer', () => {
  const world = closed((node) => answered(node, 200, 'ok'));
  for (const rule of [allDown, entry, masterUnreachable, readyzEtcd]) {
    expect(world.judge(rule).map(({ status }) => status)).not.toContain('fail');
  }
  expect(world.verdict(allDown, 'cluster').status).toBe('pass');
  expect(world.verdict(masterUnreachable, 'm2').status).toBe('pass');
});

test('whose checks meet 403 is told; nobody who asks makes it a note', () => {
  const world = closed((node) => answered(node, 200, 'ok')).set('lb.stats', undefined, ({ rows }) => ({
    rows: rows.map((row) => (row.server === 'm2' ? { ...row, status: 'DOWN', checkStatus: 'L7STS', checkCode: 403 } : row)),
  }));
  expect(asFail(world.verdict(anonymousAuthOff, 'm2'))).toMatchObject({ severity: 'critical', reason: 'balancer', facts: { status: 403 } });
  expect(asFail(world.verdict(anonymousAuthOff, 'm1'))).toMatchObject({ severity: 'info', reason: 'nobody-seen' });
});

test('403 to everybody, the login included: it cannot read who may do what', () => {
  const world = closed((node) => answered(node, 403));
  expect(asFail(world.verdict(masterUnreachable, 'm2')).reason).toBe('forbidden');
  expect(world.verdict(allDown, 'cluster').status).toBe('fail');
});

test('with a login it names the check that fails', () => {
  const world = closed((node) => answered(node, 500, '[-]etcd failed: reason withheld\n'));
  expect(world.verdict(readyzEtcd, 'm2').status).toBe('fail');
  expect(world.verdict(masterUnreachable, 'm2').status).toBe('pass');
});

test('where no login is accepted nobody knows', () => {
  for (const login of [(node: string) => answered(node, 401), (node: string) => failedTries(node, 'protocol')[0]]) {
    const world = closed(login);
    expect(world.verdict(masterUnreachable, 'm2').status).toBe('unknown');
    // A login through the load balancer was accepted.
    expect(world.verdict(allDown, 'cluster').status).toBe('pass');
  }
});
