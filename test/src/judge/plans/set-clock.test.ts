// Do the printed lines speak to the service that keeps the time, and on a machine without a shell to none?
import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import unsynchronised from '../../../../rules/clock/clock-unsynchronised.ts';
import { viewOf } from '../../../../src/judge/judge.ts';
import { planToSetClock } from '../../../../src/judge/plans/set-clock.ts';
import { buildTopology } from '../../../../src/judge/topology/build.ts';
import { makers, madeBy } from '../../../kit/makers.ts';
import { commandsOf } from '../../../kit/plans.ts';
import { fixesOf } from '../../../kit/texts.ts';
import { asFail, healthyWorld } from '../../../kit/world.ts';

const world = healthyWorld();
const seen = viewOf(world.evidence, world.topology);

function madeAs(kind: string) {
  const [, version = '', osImage = ''] = makers.find(([one]) => one === kind) ?? [];
  const evidence = madeBy(world.evidence, version, osImage);
  return viewOf(evidence, buildTopology(evidence));
}

/** What the lines of a step would start where only this service is active. */
function startedWhere(active: string, lines: readonly string[]): string {
  const stand = `systemctl() { if [ "$1" = is-active ]; then [ "$3" = ${active} ]; else echo "systemctl $*"; fi; }
    chronyc() { echo "chronyc $*"; }
    timedatectl() { echo "timedatectl $*"; }
    sleep() { :; }`;
  return spawnSync('sh', ['-c', [stand, ...lines].join('\n')], { encoding: 'utf8' }).stdout;
}

test('the clock is set by the service that is active', () => {
  const [, set] = planToSetClock('m2', 'ahead', seen);
  expect(startedWhere('systemd-timesyncd', set?.run ?? [])).toBe('systemctl restart systemd-timesyncd\n');
  expect(startedWhere('chronyd', set?.run ?? [])).toBe('chronyc burst 4/4\nchronyc makestep\n');
  expect(startedWhere('systemd-timesyncd', set?.verify ?? [])).toBe('timedatectl timesync-status --no-pager\n');
  expect(startedWhere('chronyd', set?.verify ?? [])).toContain('chronyc -n tracking');
});

test('chrony is not restarted before it steps: what it has measured would be gone', () => {
  expect(planToSetClock('m2', 'unclear', seen).flatMap(commandsOf).join('\n')).not.toMatch(/restart chrony/);
});

test('on Talos nothing is run on the machine, on k3s and RKE2 everything is as on any other', () => {
  const talos = planToSetClock('m2', 'behind', madeAs('talos'));
  expect(talos.map((fix) => fix.where)).toEqual(['here', 'here']);
  const commands = talos.flatMap(commandsOf);
  expect(commands).toContain('talosctl -n 10.89.0.12 get timestatus');
  expect(commands.filter((one) => !one.startsWith('talosctl -n 10.89.0.12 '))).toEqual([]);
  for (const kind of ['k3s', 'rke2']) expect(planToSetClock('m2', 'behind', madeAs(kind))).toEqual(planToSetClock('m2', 'behind', seen));
});

test('a clock that nobody keeps is looked at the same way', () => {
  const sick = healthyWorld().set('here.time', undefined, { node: 'm1', kernelSynchronised: false });
  const [look, keep] = fixesOf(unsynchronised, sick, asFail(sick.verdict(unsynchronised, 'm1')));
  expect(look?.run).toEqual(planToSetClock('m1', 'unclear', seen)[0]?.run);
  expect(keep?.run).toEqual(['timedatectl set-ntp true']);
});
