import { expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-anonymous-auth-off.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { answered, asFail, failedTries, healthyWorld, type World } from '../../kit/world.ts';
import { behindEnvoy, failedCheck } from '../loadbalancer/balancer.ts';

const off = (world = healthyWorld()) => world.set('api.ready', 'm2', { tries: [answered('m2', 401)] });

function check(code: number, world: World): World {
  return world.set('lb.stats', undefined, (old) => ({
    rows: old.rows.map((row) =>
      row.server === 'm2'
        ? { ...row, status: code === 200 ? 'UP' : 'DOWN', checkStatus: code === 200 ? 'L6OK' : 'L7STS', checkCode: code }
        : row,
    ),
  }));
}

function restarted(world: World): World {
  return world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) =>
      pod.name === 'kube-apiserver-m2'
        ? {
            ...pod,
            ready: false,
            containers: pod.containers.map((one) => ({ ...one, restarts: 2, command: [...one.command, '--anonymous-auth=false'] })),
          }
        : pod,
    ),
  }));
}

test('answered without a login: pass; an API server that says 500 still answers', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['pass', 'pass', 'pass']);
  expect(
    healthyWorld()
      .set('api.ready', 'm2', { tries: [answered('m2', 500, '[-]etcd failed')] })
      .verdict(rule, 'm2').status,
  ).toBe('pass');
});

test('the balancer that meets 401 takes it for dead', () => {
  const world = check(401, off());
  const verdict = asFail(world.verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ severity: 'critical', reason: 'balancer' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.verify[0]).toContain('https://10.89.0.12:6443/readyz');
  const down = (words: string) => ({ ...verdict, rule: 'lb-backend-down' as const, facts: { words } });
  expect([gateOf(rule, world, verdict, down('DOWN L7STS/401')), gateOf(rule, world, verdict, down('DOWN L7STS/500'))]).toEqual([
    ['yes'],
    ['no'],
  ]);
});

test('the kubelet that restarts it shows the same; the flag is quoted', () => {
  const verdict = asFail(restarted(check(200, off())).verdict(rule, 'm2'));
  expect(verdict).toMatchObject({ severity: 'critical', reason: 'kubelet' });
  expect(String(verdict.facts['flag'])).toBe(', started with --anonymous-auth=false');
});

test('where nobody is seen to depend on it, it is a note; where nobody could look, unknown', () => {
  expect(asFail(check(200, off()).verdict(rule, 'm2')).severity).toBe('info');
  expect(off().missing('lb.stats').verdict(rule, 'm2').status).toBe('unknown');
});

test('an API server that says nothing has said nothing', () => {
  expect(
    healthyWorld()
      .set('api.ready', 'm2', { tries: failedTries('m2', 'refused') })
      .verdict(rule, 'm2').status,
  ).toBe('unknown');
  expect(healthyWorld().missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
});

test('Envoy’s check of readiness fails with it; a check that only connects does not tell', () => {
  const failed = { m2: failedCheck };
  expect(asFail(behindEnvoy(off(), failed).verdict(rule, 'm2')).reason).toBe('balancer');
  expect(asFail(behindEnvoy(off()).verdict(rule, 'm2')).reason).toBe('nobody-seen');
  expect(asFail(behindEnvoy(off(), failed, { checks: ['tcp'] }).verdict(rule, 'm2')).reason).toBe('nobody-seen');
});
