// Do the rules about the virtual address tell one holder from none, two, a deaf one, and one that nobody looked at?
import { describe, expect, test } from 'vitest';
import conflict from '../../../rules/loadbalancer/vip-config-conflict.ts';
import dual from '../../../rules/loadbalancer/vip-dual-holder.ts';
import down from '../../../rules/loadbalancer/vip-holder-lb-down.ts';
import nobody from '../../../rules/loadbalancer/vip-no-holder.ts';
import track from '../../../rules/loadbalancer/vip-track-ineffective.ts';
import type { VrrpInstance } from '../../../src/model/balancer.ts';
import type { EvidenceTypes } from '../../../src/model/evidence.ts';
import type { AnyRule } from '../../../src/model/rule.ts';
import { lease } from '../../kit/healthy.ts';
import { addFiles, keeper, pair } from '../../kit/keepers.ts';
import { fixesOf, gateOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, failedTries, healthyWorld, now, type World } from '../../kit/world.ts';
import { files, withoutBalancer } from './balancer.ts';

const rules: readonly AnyRule[] = [nobody, dual, down, track, conflict];
const status = (world: World, rule: AnyRule): string =>
  world
    .judge(rule)
    .map((one) => one.status)
    .join();
const timesOf = (world: World, lastTransition: number, writtenAt: number, node: string): World =>
  files(world, (file) =>
    file.node === node && file.content.kind === 'keepalived-state'
      ? { ...file, content: { ...file.content, instances: file.content.instances.map((one) => ({ ...one, lastTransition, writtenAt })) } }
      : file,
  );

test('a pair as it should be', () => {
  for (const rule of rules) expect(status(pair('MASTER', 'BACKUP'), rule), rule.id).toBe('pass');
});

test.each([
  ['without files', () => healthyWorld().missing('lb.config')],
  ['with files about another address', () => addFiles(healthyWorld(), ...keeper('lb1', undefined, { addresses: ['10.89.0.99'] }))],
])('%s nothing is known', (_name, build) => {
  for (const rule of rules.filter((one) => one !== down)) expect(status(build(), rule), rule.id).toBe('unknown');
  expect(status(build().set('lb.tries', undefined, { tries: failedTries('m1', 'refused') }), down)).toBe('unknown');
});

test('where the kubeconfig names an API server there is no address to hold', () => {
  for (const rule of rules) expect(status(withoutBalancer(pair('BACKUP', 'BACKUP')), rule), rule.id).toBe('not-applicable');
});

describe('nobody holds it', () => {
  test('all are standby, or all call themselves faulty', () => {
    const verdict = asFail(pair('BACKUP', 'FAULT').verdict(nobody, 'LB'));
    expect(verdict).toMatchObject({ reason: 'nobody', severity: 'critical', witness: 'stated' });
    expect(shown(nobody, verdict)[0]).toBe('lb1  BACKUP  priority 101');
    expect(unfilled(nobody, verdict)).toEqual([]);
    expect(asFail(pair('FAULT', 'FAULT').verdict(nobody, 'LB')).reason).toBe('faulty');
  });

  test('a machine that nobody looked at may hold it, unless nobody answers for it on our own network', () => {
    const open = pair('BACKUP', undefined);
    expect(status(open, nobody)).toBe('unknown');
    const silent = open.set('here.network', undefined, {
      node: 'x',
      holds: [],
      neighbours: [{ address: '10.89.0.10', hardware: '' }],
      listeners: [],
    });
    expect(asFail(silent.verdict(nobody, 'LB'))).toMatchObject({ reason: 'unanswered', witness: 'measured' });
    const one = addFiles(healthyWorld(), ...keeper('lb1', 'BACKUP', { unicastPeers: [] }));
    expect(status(one, nobody)).toBe('unknown');
  });

  test('an address that moved a moment ago is not lost yet', () => {
    expect(status(timesOf(pair('BACKUP', 'BACKUP'), now - 2000, now, 'lb1'), nobody)).toBe('unknown');
  });

  test('the machine’s own table of addresses goes before what keepalived says', () => {
    const list = { node: 'lb2', path: 'ip', from: 'flag' as const, content: { kind: 'addresses' as const, addresses: ['10.89.0.10'] } };
    expect(status(addFiles(pair('BACKUP', 'BACKUP'), list), nobody)).toBe('pass');
  });

  describe('kube-vip', () => {
    const locked = (age: number): World =>
      healthyWorld().set('kube.leases', undefined, (old) => ({
        ...old,
        leases: [...old.leases, lease('kube-system', 'plndr-cp-lock', 'm1', { durationSeconds: 5, renewedAt: now - age })],
      }));
    const silent = (world: World): World => world.set('lb.tries', undefined, { tries: failedTries('m1', 'timeout') });
    const leasesOf = (world: World): EvidenceTypes['kube.leases'] => {
      const item = world.evidence.items.find((one) => one.id === 'kube.leases');
      if (item?.state !== 'known' || item.id !== 'kube.leases') throw new Error('no leases');
      return item.value;
    };

    test('an address that takes connections is held, however old the lease looks by another clock', () => {
      expect(status(locked(30_000), nobody)).toBe('pass');
    });

    test('a lease that is older than any clock explains', () => {
      expect(asFail(silent(locked(90_000)).verdict(nobody, 'LB'))).toMatchObject({ reason: 'lease-stale' });
    });

    test('one that may be fresh by its holder’s clock is looked at again', () => {
      const once = silent(locked(30_000)).verdict(nobody, 'LB');
      expect(once.status === 'unknown' && once.secondLook).toBe('urged');
      const still = silent(locked(30_000)).again('kube.leases', undefined, leasesOf(locked(30_000)), 15_000);
      expect(asFail(still.verdict(nobody, 'LB')).reason).toBe('lease-stale');
      expect(status(silent(locked(30_000)).again('kube.leases', undefined, leasesOf(locked(16_000)), 15_000), nobody)).toBe('pass');
    });
  });
});

describe('two hold it', () => {
  test('both say so for a minute: the weaker one should let go', () => {
    const world = pair('MASTER', 'MASTER');
    const verdict = asFail(world.verdict(dual, 'LB'));
    expect(verdict).toMatchObject({ severity: 'critical', witness: 'stated', facts: { count: 2, nodes: 'lb1, lb2' } });
    expect(unfilled(dual, verdict)).toEqual([]);
    expect(fixesOf(dual, world, verdict)[1]).toMatchObject({ where: 'lb2', undo: ['systemctl start keepalived'] });
    expect(status(world, nobody)).toBe('pass');
  });

  test('dumps of different times show one address that moved', () => {
    expect(status(timesOf(pair('MASTER', 'MASTER'), now + 1000, now + 60_000, 'lb2'), dual)).toBe('unknown');
    expect(status(timesOf(pair('MASTER', 'MASTER'), now - 3000, now, 'lb2'), dual)).toBe('unknown');
  });

  test('a machine that nobody looked at leaves it open', () => {
    expect(status(pair('MASTER', undefined), dual)).toBe('unknown');
  });

  test('one network card answers for both addresses: that is the holder', () => {
    const card = '02:00:00:00:00:09';
    const neighbours = ['10.89.0.9', '10.89.0.10'].map((address) => ({ address, hardware: card }));
    const world = pair(undefined, undefined).set('here.network', undefined, { node: 'x', holds: [], neighbours, listeners: [] });
    expect(status(world, nobody)).toBe('pass');
    expect(world.verdict(nobody, 'LB')).toMatchObject({ facts: { node: 'lb2' } });
    expect(status(world, dual)).toBe('unknown');
  });
});

describe('the holder’s balancer', () => {
  const refusing = (world: World): World =>
    world.set('lb.tries', undefined, { tries: failedTries('m1', 'refused').map((one) => ({ ...one, address: '10.89.0.10:8443' })) });

  test('refuses where it should listen', () => {
    const world = refusing(pair('MASTER', 'BACKUP'));
    const [verdict] = world.judge(down).map(asFail);
    if (verdict === undefined) throw new Error('no verdict');
    expect(verdict).toMatchObject({ severity: 'critical', witness: 'agreed', facts: { node: 'lb1' } });
    expect(verdict.subject.keys).toEqual({ lb: '10.89.0.10:8443', node: 'lb1' });
    expect(unfilled(down, verdict)).toEqual([]);
    expect(fixesOf(down, world, verdict).map((fix) => fix.where)).toEqual(['lb1', 'lb1', 'lb1']);
  });

  test('no holder, two, or silence instead of a refusal: unknown', () => {
    expect(status(refusing(pair('BACKUP', 'BACKUP')), down)).toBe('unknown');
    expect(status(refusing(pair('MASTER', 'MASTER')), down)).toBe('unknown');
    expect(status(pair('MASTER', 'BACKUP').set('lb.tries', undefined, { tries: failedTries('m1', 'timeout') }), down)).toBe('unknown');
  });
});

describe('would it move?', () => {
  const reasonOf = (...changes: readonly Partial<VrrpInstance>[]): string | undefined =>
    asFail(pair('MASTER', 'BACKUP', changes).verdict(track, 'LB')).reason;
  const weight = (value: number): Partial<VrrpInstance> => ({ tracks: [{ name: 'chk', weight: value }] });

  test('nothing tracked, a weight too small, and peers that may not preempt', () => {
    expect(reasonOf({ tracks: [] })).toBe('nothing-tracked');
    expect(reasonOf({ priority: 110, ...weight(-2) })).toBe('weight');
    expect(reasonOf({}, { preempts: false })).toBe('no-preempt');
    const verdict = asFail(pair('MASTER', 'BACKUP', [{ priority: 110, ...weight(-2) }]).verdict(track, 'LB'));
    expect(shown(track, verdict)).toEqual(['lb1  priority 110  with its check failing it still has priority 108, the next one 100']);
    expect(unfilled(track, verdict)).toEqual([]);
  });

  test('101 and 100 with −2, as kubeadm’s guide has it, is enough; so is no weight at all', () => {
    expect(status(pair('MASTER', 'BACKUP', [weight(-2), weight(-2)]), track)).toBe('pass');
    expect(status(pair('MASTER', 'BACKUP', [{ priority: 200, ...weight(0) }, weight(0)]), track)).toBe('pass');
  });

  test('a positive weight is lost by the holder and had by the peer', () => {
    expect(status(pair('MASTER', 'BACKUP', [weight(20), weight(20)]), track)).toBe('pass');
    expect(reasonOf({ priority: 150, ...weight(20) }, weight(20))).toBe('weight');
    expect(reasonOf({ priority: 255, ...weight(-60) }, weight(-60))).toBe('weight');
  });

  test('a peer that was not seen might take it, or might not', () => {
    expect(status(addFiles(healthyWorld(), ...keeper('lb1', 'MASTER')), track)).toBe('unknown');
    expect(status(addFiles(healthyWorld(), ...keeper('lb1', 'MASTER', { tracks: [] })), track)).toBe('fail');
  });
});

describe('do they agree?', () => {
  test.each<readonly [string, Partial<VrrpInstance>]>([
    ['router-id', { routerId: 52 }],
    ['version', { version: 3 }],
    ['authentication', { authentication: { type: 'PASS', password: 'redacted:000000000000', tooLong: false } }],
    ['advertisement', { advertInterval: 3 }],
    ['peer', { unicastPeers: ['10.89.0.77', '10.89.0.8'], unicastSource: '10.89.0.19' }],
    ['priority', { priority: 101 }],
    ['preemption', { preempts: false, state: 'MASTER' }],
  ])('%s', (reason, change) => {
    const verdict = asFail(pair('MASTER', 'BACKUP', [{}, change]).verdict(conflict, 'LB'));
    expect(verdict).toMatchObject({ reason, witness: 'stated' });
    expect(unfilled(conflict, verdict)).toEqual([]);
  });

  test('what keeps them from hearing each other makes both hold it; equal rank does not', () => {
    const world = pair('MASTER', 'MASTER', [{}, { routerId: 52 }]);
    const cause = asFail(world.verdict(conflict, 'LB'));
    const effect = asFail(world.verdict(dual, 'LB'));
    expect(gateOf(conflict, world, cause, effect)).toEqual(['yes']);
    expect(gateOf(conflict, world, { ...cause, reason: 'priority' }, effect)).toEqual(['no']);
  });

  test('one file alone agrees with itself, which says nothing', () => {
    expect(status(addFiles(healthyWorld(), ...keeper('lb1', 'MASTER')), conflict)).toBe('unknown');
  });
});
