// Is each fault of elections and clocks one finding, with all that it brings about folded under it?
import { expect, test } from 'vitest';
import { clockWorlds, machineOff } from '../kit/clock-worlds.ts';
import { leaderWorlds } from '../kit/leader-worlds.ts';
import { healthyWorld, type World } from '../kit/world.ts';
import { judgeAgain } from '../laws/recordings.ts';

/** World, its cause, and what is folded under it. */
const expected: Readonly<Record<string, readonly [string, readonly string[]]>> = {
  'the leader is on an unknown machine': ['le-holder-node-gone', []],
  'the leader’s node reports no more': ['ha-node-notready', ['le-holder-node-notready']],
  'one scheduler is not elected': ['le-disabled', ['api-flag-drift', 'le-two-active']],
  'schedulers elect by two locks': ['le-foreign-lock', ['api-flag-drift', 'le-two-active']],
  'one scheduler waits for a lock of its own': ['le-foreign-lock', ['api-flag-drift']],
  'an election that nobody can win': ['le-timing', ['api-flag-drift']],
  'one scheduler elects by other timings': ['le-timing', ['api-flag-drift']],
  'API servers show two leases': ['le-two-active', []],
  'the scheduler runs nowhere': ['le-lease-expired', []],
  'nobody stands by': ['ha-node-notready', ['le-no-standby']],
  'a master is ahead': ['clock-apiserver-skew', ['clock-etcd-skew', 'clock-kubelet-skew', 'le-renew-in-future']],
  'a worker is ahead': ['clock-kubelet-skew', ['le-renew-in-future']],
  'a worker is behind': ['clock-kubelet-skew', []],
  'our own clock is off': ['clock-operator-skew', []],
  'the leaders’ master is ahead': ['clock-apiserver-skew', ['clock-etcd-skew', 'clock-kubelet-skew', 'le-renew-in-future']],
  'a master is behind': ['clock-apiserver-skew', ['clock-etcd-skew', 'clock-kubelet-skew']],
};

const worlds: Readonly<Record<string, () => World>> = {
  ...leaderWorlds,
  ...clockWorlds,
  'the leaders’ master is ahead': () => machineOff('m1', 30_000),
  'a master is behind': () => machineOff('m2', -90_000),
};

test('each world is looked at', () => {
  expect(Object.keys(worlds).sort()).toEqual(Object.keys(expected).sort());
  expect(judgeAgain(healthyWorld().evidence).findings).toEqual([]);
});

test.each(Object.entries(expected))('%s: %s', (name, [root, folded]) => {
  const { findings } = judgeAgain((worlds[name] ?? healthyWorld)().evidence);
  expect(findings.map((finding) => finding.cause.rule)).toEqual([root]);
  expect([...new Set(findings[0]?.effects.map((effect) => effect.rule))].sort()).toEqual([...folded]);
});
