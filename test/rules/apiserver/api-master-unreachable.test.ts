import { describe, expect, test } from 'vitest';
import rule from '../../../rules/apiserver/api-master-unreachable.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import type { Try } from '../../../src/model/network.ts';
import { judgeAgain } from '../../laws/recordings.ts';
import { answered, asFail, failedTries, failure, healthyWorld, now, type World } from '../../kit/world.ts';

/** The load balancer has met only m1. */
function withoutEntry(world: World): World {
  return world.set('lb.tries', undefined, { tries: [answered('m1', 200, 'ok')] });
}

test('every master of a healthy cluster passes', () => {
  expect(
    healthyWorld()
      .judge(rule)
      .map((verdict) => verdict.status),
  ).toEqual(['pass', 'pass', 'pass']);
});

test.each(['refused', 'timeout', 'hung', 'closed'] as const)('a master whose tries all end with %s fails for that reason', (why) => {
  const world = withoutEntry(healthyWorld()).set('api.ready', 'm2', { tries: failedTries('m2', why) });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe(why);
  expect(world.verdict(rule, 'm1').status).toBe('pass');
});

test('an answering master that no client trusts is untrusted, not ready', () => {
  const trust = { kind: 'untrusted', why: 'expired', detail: 'ended 2026-11-20' } as const;
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', { trust })] });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('untrusted');
});

test('403 to everybody is a reason of its own', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 403)] });
  expect(asFail(world.verdict(rule, 'm2')).reason).toBe('forbidden');
});

test('a 500 is an answer: another rule speaks of it', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: [answered('m2', 500, '[-]etcd failed: reason withheld\n')] });
  expect(world.verdict(rule, 'm2').status).toBe('pass');
});

describe('a server that serves one try after others have failed', () => {
  const bad = [...failedTries('m2', 'refused').slice(0, 2), answered('m2', 200, 'ok')];
  const unready = [answered('m2', 500, '[-]etcd failed: reason withheld\n'), answered('m2', 200, 'ok')];
  const good = [answered('m2', 200, 'ok')];
  const looks = (...all: readonly (readonly Try[])[]): World =>
    all
      .slice(1)
      .reduce((world, tries) => world.again('api.ready', 'm2', { tries }), healthyWorld().set('api.ready', 'm2', { tries: all[0] ?? [] }));

  test('is looked at twice more, a second apart', () => {
    for (const tries of [bad, unready]) {
      const verdict = looks(tries).verdict(rule, 'm2');
      expect(verdict.status === 'unknown' && verdict.secondLook).toBe('urged');
    }
    expect(rule.confirm).toMatchObject({ evidence: ['api.ready'], times: 2 });
  });

  test('had just begun to serve when it does so from then on, and is unsteady when it happens again', () => {
    expect(looks(bad, good, good).verdict(rule, 'm2').status).toBe('pass');
    const world = looks(bad, good, unready);
    const verdict = asFail(world.verdict(rule, 'm2'));
    expect(verdict).toMatchObject({ reason: 'unsteady', severity: 'warning' });
    expect(String(verdict.facts['words'])).toBe('3 of 6 tries in 3 looks were not served, the others were');
    expect(unfilled(rule, verdict)).toEqual([]);
    expect(fixesOf(rule, world, verdict)).toMatchObject([{ where: 'm2', risk: 'none' }]);
  });

  test('tells nothing where every master is like that: it may be our own path', () => {
    const world = looks(bad, bad, bad);
    for (const node of ['m1', 'm3'])
      world.set('api.ready', node, { tries: [...failedTries(node, 'timeout').slice(0, 1), answered(node, 200, 'ok')] });
    expect(world.verdict(rule, 'm2').status).toBe('pass');
  });
});

test('one that takes our connection and lets the request wait is hung, whatever the balancer got out of it; nobody’s firewall does that', () => {
  const tries = (connected: boolean) => failedTries('m2', 'timeout').map((one) => ({ ...one, connected }));
  const met = answered('m2', 200, 'ok');
  const of = (connected: boolean) =>
    healthyWorld()
      .set('api.ready', 'm2', { tries: tries(connected) })
      .set('lb.tries', undefined, (old) => ({ ...old, tries: [...old.tries, met] }))
      .verdict(rule, 'm2');
  expect(asFail(of(true)).reason).toBe('hung');
  expect(of(false)).toMatchObject({ status: 'unknown', gaps: [{ detail: expect.stringContaining('our own path') }] });
});

describe('a server that answers some tries after seconds and others not in time', () => {
  const late = failedTries('m2', 'hung').slice(0, 1);
  const after = (milliseconds: number) => answered('m2', 200, 'ok', { receivedAt: now + milliseconds });
  const slow = (...answers: readonly number[]): World => healthyWorld().set('api.ready', 'm2', { tries: [...late, ...answers.map(after)] });

  test('is slow, where another one answers at once', () => {
    const world = slow(3800, 2200);
    const verdict = asFail(world.verdict(rule, 'm2'));
    expect(verdict).toMatchObject({ reason: 'slow', severity: 'warning', facts: { state: 'slow' } });
    expect(String(verdict.facts['words'])).toBe('1 of 3 tries got no answer in time, the quickest took 2 s');
    expect(unfilled(rule, verdict)).toEqual([]);
    expect(fixesOf(rule, world, verdict)).toMatchObject([{ where: 'm2', risk: 'none' }]);
  });

  test('is not, where one answer came quickly, where none was late, or where all are like that', () => {
    expect(slow(3800, 20).verdict(rule, 'm2').status).toBe('unknown');
    expect(
      healthyWorld()
        .set('api.ready', 'm2', { tries: [after(2200)] })
        .verdict(rule, 'm2').status,
    ).toBe('pass');
    const everywhere = slow(2200);
    for (const node of ['m1', 'm3'])
      everywhere.set('api.ready', node, {
        tries: [...failedTries(node, 'hung').slice(0, 1), answered(node, 200, 'ok', { receivedAt: now + 2500 })],
      });
    expect(everywhere.verdict(rule, 'm2').status).toBe('pass');
  });
});

describe('a server that is ready for its health path and leaves logins without an answer', () => {
  const unanswered = { ...failedTries('m2', 'timeout')[0], connected: true, receivedAt: now + 1500 } as Try;
  const stuck = (): World => healthyWorld().set('api.credential', 'm2', { last: unanswered });

  test('is stuck, where another one answers a login at once', () => {
    const world = stuck();
    const verdict = asFail(world.verdict(rule, 'm2'));
    expect(verdict).toMatchObject({ reason: 'slow', severity: 'warning', facts: { state: 'stuck' } });
    expect(unfilled(rule, verdict)).toEqual([]);
    expect(fixesOf(rule, world, verdict)).toMatchObject([{ where: 'm2', risk: 'none' }]);
  });

  test('is not known to be, where no other login was answered at once, or nobody logged in', () => {
    const late = (node: string) => answered(node, 200, '', { receivedAt: now + 900 });
    expect(
      stuck()
        .set('api.credential', 'm1', { last: late('m1') })
        .set('api.credential', 'm3', { last: late('m3') })
        .verdict(rule, 'm2').status,
    ).toBe('pass');
    expect(stuck().missing('api.credential').verdict(rule, 'm2').status).toBe('pass');
    expect(
      stuck()
        .set('api.credential', 'm2', { last: failedTries('m2', 'timeout')[0] as Try })
        .verdict(rule, 'm2').status,
    ).toBe('pass');
  });

  test('brings about that its own kubelet no longer reports', () => {
    const world = stuck().set('kube.nodes', undefined, (old) => ({
      ...old,
      nodes: old.nodes.map((node) => (node.name === 'm2' ? { ...node, ready: 'Unknown' as const } : node)),
    }));
    expect(judgeAgain(world.evidence).findings.map((finding) => finding.cause.rule)).toEqual(['api-master-unreachable']);
  });
});

test('all masters silent to us while the load balancer serves: unknown, it may be our path', () => {
  const world = healthyWorld();
  for (const node of ['m1', 'm2', 'm3']) world.set('api.ready', node, { tries: failedTries(node, 'timeout') });
  expect(world.judge(rule).map((verdict) => verdict.status)).toEqual(['unknown', 'unknown', 'unknown']);
});

test('a master nobody could ask is unknown, and so is an empty list of masters', () => {
  expect(healthyWorld().missing('api.ready', 'm2').verdict(rule, 'm2').status).toBe('unknown');
  const blind = healthyWorld();
  for (const id of ['kube.nodes', 'kube.control-plane-pods', 'kube.endpoints'] as const) blind.missing(id);
  for (const id of ['etcd.members', 'etcd.client-port', 'lb.tries', 'api.ready'] as const) blind.missing(id);
  expect(blind.verdict(rule, 'cluster').status).toBe('unknown');
});

test('silent to us, yet its certificate answered through the load balancer meanwhile: our path, not its fault', () => {
  const world = healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', 'timeout') });
  expect(world.verdict(rule, 'm2').status).toBe('unknown');
  world.set('lb.tries', undefined, { tries: [answered('m1', 200, 'ok'), answered('m3', 200, 'ok')] });
  expect(world.verdict(rule, 'm2').status).toBe('fail');
});

test('it is critical once fewer than two API servers are left, an unknown one counting as left', () => {
  const world = withoutEntry(healthyWorld()).set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(asFail(world.verdict(rule, 'm2')).severity).toBe('warning');
  expect(asFail(world.missing('api.ready', 'm3').verdict(rule, 'm2')).severity).toBe('warning');
  world.set('api.ready', 'm3', { tries: failedTries('m3', 'refused') });
  expect(asFail(world.verdict(rule, 'm2')).severity).toBe('critical');
});

test('a node whose kubelet does not answer is NotReady for a reason of its own', () => {
  const world = withoutEntry(healthyWorld()).set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  const cause = asFail(world.verdict(rule, 'm2'));
  const effect = { ...cause, rule: 'ha-node-notready' as const };
  expect(gateOf(rule, world, cause, effect)).toEqual(['yes']);
  const kubelets = (why: 'refused' | 'timeout', ...nodes: readonly string[]) => {
    for (const node of nodes) world.set('node.kubelet-port', node, { outcome: failure(why), chain: [] });
    return gateOf(rule, world, cause, effect);
  };
  expect(kubelets('refused', 'm2')).toEqual(['no']);
  expect(kubelets('timeout', 'm2')).toEqual(['no']);
  // A firewall that keeps us from every kubelet says nothing of this one.
  expect(kubelets('timeout', ...world.topology.machines.map(({ subject }) => subject.id))).toEqual(['yes']);
});

test('its sentences find every fact they name', () => {
  const world = withoutEntry(healthyWorld()).set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  expect(unfilled(rule, asFail(world.verdict(rule, 'm2')))).toEqual([]);
});

test('what HAProxy or a client behind it met as well is agreed on', () => {
  const alone = withoutEntry(healthyWorld()).set('api.ready', 'm2', { tries: failedTries('m2', 'hung') });
  expect(asFail(alone.verdict(rule, 'm2')).witness).toBe('measured');
  alone.set('lb.stats', undefined, (old) => ({
    rows: old.rows.map((row) => (row.server === 'm2' ? { ...row, status: 'UP 1/3', checkStatus: 'L6TOUT' } : row)),
  }));
  expect(asFail(alone.verdict(rule, 'm2')).witness).toBe('agreed');
  const met = healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', 'hung') });
  met.set('lb.tries', undefined, { tries: [answered('m1', 200, 'ok'), ...failedTries('m2', 'hung')] });
  expect(asFail(met.verdict(rule, 'm2')).witness).toBe('agreed');
});
