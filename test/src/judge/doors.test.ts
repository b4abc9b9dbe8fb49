// Is a master with several addresses one master, and are two masters never taken for one?
import { describe, expect, test } from 'vitest';
import masterUnreachable from '../../../rules/apiserver/api-master-unreachable.ts';
import endpoints from '../../../rules/apiserver/api-endpoints-mismatch.ts';
import entry from '../../../rules/apiserver/api-lb-unreachable.ts';
import allDown from '../../../rules/apiserver/api-all-masters-down.ts';
import requiredNames from '../../../rules/certificates/cert-san-missing-required.ts';
import backendSet from '../../../rules/loadbalancer/lb-backend-set-mismatch.ts';
import { KnownEvidence } from '../../../src/judge/topology/build.ts';
import { doorsToAsk } from '../../../src/judge/topology/doors.ts';
import { EvidenceIndex } from '../../../src/judge/view.ts';
import type { EvidenceItem, EvidenceTypes } from '../../../src/model/evidence.ts';
import type { CertificateSeen, FailureClass, Try } from '../../../src/model/network.ts';
import type { Subject } from '../../../src/model/subject.ts';
import { fixesOf, shown, unfilled } from '../../kit/texts.ts';
import { cutStream } from '../../rules/etcd/kit.ts';
import { addressOf, answered, asFail, certificate, failedTries, healthyWorld, now, World } from '../../kit/world.ts';

const publicOf = (node: string): string => `203.0.113.1${node.slice(1)}`;
const nodes = ['m1', 'm2', 'm3'] as const;
const idsOf = (list: readonly { readonly subject: { readonly id: string } }[]) => list.map((one) => one.subject.id);

/** What was tried at an address that is not a node's first. */
function at(world: World, address: string, tries: readonly Try[], sample = 0): World {
  const subject: Subject = { kind: 'apiserver', id: address, name: address, keys: {} };
  const value: EvidenceTypes['api.ready'] = { tries };
  const item: EvidenceItem = { state: 'known', id: 'api.ready', subject, value, source: 'direct', takenAt: now, sample };
  return new World([...world.evidence.items, item]);
}

const answers = (node: string, leaf: Partial<CertificateSeen> = {}): readonly Try[] => [
  answered(node, 200, 'ok', { address: `${publicOf(node)}:6443`, chain: [certificate(node, leaf)] }),
];
const silent = (node: string, why: FailureClass = 'timeout'): readonly Try[] =>
  failedTries(node, why).map((one) => ({ ...one, address: `${publicOf(node)}:6443` }));

function flagged(...addresses: readonly string[]): World {
  return healthyWorld().set('operator.hints', undefined, {
    masters: addresses.map((address) => ({ address, from: 'flag' })),
    members: [],
  });
}

function withExternal(world: World, external: Readonly<Record<string, string>>): World {
  return world.set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => ({ ...node, externalAddresses: external[node.name] === undefined ? [] : [external[node.name] ?? ''] })),
  }));
}

/** Nobody inside the cluster's own network can be asked from here. */
function outside(world: World): World {
  for (const node of nodes) world.set('api.ready', node, { tries: failedTries(node, 'timeout') });
  return world;
}

describe('masters named by public addresses that the handshake proves', () => {
  const world = () =>
    nodes.reduce((before, node) => at(before, `${publicOf(node)}:6443`, answers(node)), outside(flagged(...nodes.map(publicOf))));

  test('three masters, each asked where it answers', () => {
    const { masters, candidates, machines } = world().topology;
    expect(idsOf(masters)).toEqual(nodes.map((node) => `${publicOf(node)}:6443`));
    expect(candidates).toEqual([]);
    expect(masters.map(({ subject, doors }) => [subject.name, doors.map(({ host }) => host)])).toEqual(
      nodes.map((node) => [node, [publicOf(node), addressOf(node), node]]),
    );
    expect(machines).toHaveLength(4);
  });

  test('a silent private address is no dead master, and a load balancer that lists it lists the right ones', () => {
    for (const rule of [masterUnreachable, backendSet, endpoints, entry, allDown])
      expect(
        world()
          .judge(rule)
          .map((verdict) => `${verdict.rule} ${verdict.status}`),
        rule.id,
      ).not.toContain(`${rule.id} fail`);
    expect(
      world()
        .judge(masterUnreachable)
        .map(({ status }) => status),
    ).toEqual(['pass', 'pass', 'pass']);
    expect(
      world()
        .judge(backendSet)
        .map(({ status }) => status),
    ).toEqual(['pass']);
  });

  test('the certificate has to hold the address that the cluster uses, not the one that is ours', () => {
    const judged = world()
      .judge(requiredNames)
      .map((verdict) => (verdict.status === 'fail' ? verdict.facts['missing'] : verdict.status));
    expect(judged).toEqual(['pass', 'pass', 'pass']);
  });

  test('the order of the evidence changes nothing', () => {
    const { items } = world().evidence;
    expect(new World([...items].reverse()).topology).toEqual(world().topology);
  });

  test('one of them dead at both its addresses is down, once', () => {
    const half = withExternal(
      at(
        ['m1', 'm3'].reduce(
          (before, node) => at(before, `${publicOf(node)}:6443`, answers(node)),
          outside(flagged(...nodes.map(publicOf))),
        ),
        `${publicOf('m2')}:6443`,
        silent('m2', 'refused'),
      ),
      { m2: publicOf('m2') },
    );
    half.set('lb.tries', undefined, ({ tries }) => ({ tries: tries.filter(({ chain }) => chain[0]?.sha256.startsWith('m2') === false) }));
    const down = half.judge(masterUnreachable).filter((verdict) => verdict.status === 'fail');
    expect(down.map(({ subject }) => subject.name)).toEqual(['m2']);
    expect(asFail(half.verdict(masterUnreachable, 'm2'))).toMatchObject({ severity: 'warning', reason: 'refused' });
    expect(half.topology.masters).toHaveLength(3);
  });
});

describe('a public address that is silent while the private one answers', () => {
  test('is a note where the list of nodes proves whose it is', () => {
    const world = withExternal(at(flagged(publicOf('m2')), `${publicOf('m2')}:6443`, silent('m2')), { m2: publicOf('m2') });
    expect(idsOf(world.topology.masters)).toEqual(nodes.map((node) => `${addressOf(node)}:6443`));
    const verdict = asFail(world.verdict(masterUnreachable, 'm2'));
    expect(verdict).toMatchObject({ severity: 'info', reason: 'timeout' });
    expect(String(verdict.facts['words'])).toBe('no answer to a connection; it answers at 10.89.0.12:6443');
    expect(world.verdict(backendSet, 'LB').status).toBe('pass');
  });

  test('is a note too where nothing proves whose it is', () => {
    const world = at(flagged(publicOf('m2')), `${publicOf('m2')}:6443`, silent('m2'));
    expect(world.topology.masters).toHaveLength(3);
    expect(idsOf(world.topology.candidates)).toEqual([`${publicOf('m2')}:6443`]);
    expect(asFail(world.verdict(masterUnreachable, `${publicOf('m2')}:6443`))).toMatchObject({ severity: 'info' });
    expect(world.judge(masterUnreachable).filter(({ status }) => status === 'fail')).toHaveLength(1);
  });

  test('is down where every listed master has an address of that kind already, or no list vouches for any', () => {
    const four = nodes.reduce(
      (before, node) => at(before, `${publicOf(node)}:6443`, answers(node)),
      flagged(...nodes.map(publicOf), '203.0.113.19'),
    );
    const full = at(four, '203.0.113.19:6443', silent('m9'));
    expect(full.topology.masters).toHaveLength(4);
    expect(asFail(full.verdict(masterUnreachable, '203.0.113.19'))).toMatchObject({ severity: 'warning' });
    const alone = at(flagged(publicOf('m2')), `${publicOf('m2')}:6443`, silent('m2', 'refused'));
    for (const id of ['kube.nodes', 'kube.control-plane-pods', 'kube.endpoints'] as const) alone.missing(id);
    expect(idsOf(alone.topology.masters)).toEqual([`${publicOf('m2')}:6443`]);
    expect(alone.verdict(masterUnreachable, publicOf('m2')).status).toBe('fail');
  });

  test('nobody asked there yet: nothing is said of it', () => {
    expect(flagged(publicOf('m2')).verdict(masterUnreachable, publicOf('m2')).status).toBe('unknown');
  });
});

describe('two masters stay two', () => {
  const doubled = (leaf: Partial<CertificateSeen>, node = 'm2') =>
    at(flagged(publicOf('m2')), `${publicOf('m2')}:6443`, answers(node, { sha256: 'other'.padEnd(64, '0'), ...leaf }));

  test('where another certificate is shown at the private address', () => {
    expect(doubled({}).topology.masters).toHaveLength(4);
  });

  test('where the certificate names several, or one machine by name and another by address', () => {
    const names = [...certificate('m2').names, 'm3'];
    const all = [...nodes.map(addressOf)];
    for (const leaf of [{ names, addresses: all }, { addresses: [addressOf('m3')] }])
      expect(outside(doubled(leaf)).topology.masters).toHaveLength(4);
    expect(outside(doubled({ addresses: all })).topology.masters).toHaveLength(3);
  });

  test('where one file serves on two machines', () => {
    const same = certificate('m1');
    const world = outside(flagged(publicOf('m1'), publicOf('m2')));
    const shown = ['m1', 'm2'].reduce((before, node) => at(before, `${publicOf(node)}:6443`, answers(node, same)), world);
    expect(idsOf(shown.topology.masters)).toEqual([
      ...nodes.map((node) => `${addressOf(node)}:6443`),
      '203.0.113.11:6443',
      '203.0.113.12:6443',
    ]);
  });

  test('where several certificates are shown at one address: that is a load balancer', () => {
    const both = [...answers('m1'), ...answers('m2')];
    expect(at(outside(flagged('203.0.113.50')), '203.0.113.50:6443', both).topology.masters).toHaveLength(4);
  });

  test('where an authority that nobody trusts vouches for what answers at a listed address', () => {
    const trust = { kind: 'untrusted', why: 'unknown-authority', detail: '' } as const;
    const tries = answers('m2', { sha256: 'f'.repeat(64) }).map((one) => ({ ...one, trust }));
    const world = at(withExternal(outside(flagged(publicOf('m2'))), { m2: publicOf('m2') }), `${publicOf('m2')}:6443`, tries);
    expect(world.topology.masters).toHaveLength(4);
    const unnamed = at(withExternal(outside(healthyWorld()), { m2: publicOf('m2') }), `${publicOf('m2')}:6443`, tries);
    expect(unnamed.topology.masters.find(({ subject }) => subject.name === 'm2')?.doors.map(({ host }) => host)).toEqual([
      addressOf('m2'),
      'm2',
    ]);
  });

  test('an address that has moved on belongs to the machine that shows its certificate there', () => {
    const moved = at(withExternal(flagged(publicOf('m2')), { m2: publicOf('m2') }), `${publicOf('m2')}:6443`, answers('m3'));
    const doors = moved.topology.masters.map(({ subject, doors: all }) => `${subject.name} ${all.map(({ host }) => host).join(' ')}`);
    expect(doors).toEqual(['m1 10.89.0.11 m1', 'm2 10.89.0.12 m2', 'm3 203.0.113.12 10.89.0.13 m3']);
  });

  test('an address that two machines list is neither’s', () => {
    const world = withExternal(healthyWorld(), { m1: '203.0.113.7', w1: '203.0.113.7' });
    expect(world.topology.masters.flatMap(({ doors }) => doors.map(({ host }) => host))).not.toContain('203.0.113.7');
  });
});

describe('the address in the kubeconfig', () => {
  const entryAt = (host: string, world: World) => world.set('operator.kubeconfig', undefined, (old) => ({ ...old, host, port: 6443 }));

  test('is a master’s own where the list of nodes has it for one machine, and another is the endpoint of all', () => {
    const world = entryAt(publicOf('m1'), withExternal(healthyWorld(), { m1: publicOf('m1') }));
    expect(world.topology.entryIsMaster).toBe(true);
    expect(world.judge(backendSet).map(({ status }) => status)).toEqual(['not-applicable']);
  });

  test('is nobody’s own where it is the endpoint of all, or may be', () => {
    const world = entryAt(publicOf('m1'), withExternal(healthyWorld(), { m1: publicOf('m1') }));
    const shared = world.set('kube.kubeadm-config', undefined, (old) => ({ ...old, controlPlaneEndpoint: `${publicOf('m1')}:6443` }));
    expect(shared.topology.entryIsMaster).toBe(false);
    expect(shared.missing('kube.kubeadm-config').topology.entryIsMaster).toBe(false);
  });
});

test('a load balancer may list any of a machine’s addresses', () => {
  const listing = (address: (node: string) => string): World =>
    withExternal(healthyWorld(), { m2: publicOf('m2') }).set('lb.stats', undefined, ({ rows }) => ({
      rows: rows.map((row) => (row.type === 'server' ? { ...row, address: `${address(row.server)}:6443` } : row)),
    }));
  const mixed = listing((node) => (node === 'm2' ? publicOf(node) : addressOf(node))).missing('lb.config');
  expect(mixed.verdict(backendSet, 'LB').status).toBe('pass');
  const strange = listing((node) => (node === 'm2' ? '203.0.113.99' : addressOf(node))).missing('lb.config');
  expect(asFail(strange.verdict(backendSet, 'LB')).reason).toBe('stranger');
});

test('what an earlier run remembers of one machine is one master', () => {
  const masters = nodes.flatMap((node) =>
    [publicOf(node), addressOf(node)].map((host) => ({ address: `${host}:6443`, from: 'remembered' as const, node })),
  );
  const world = healthyWorld().set('operator.hints', undefined, { masters, members: [] });
  for (const id of ['kube.nodes', 'kube.control-plane-pods', 'kube.endpoints'] as const) world.missing(id);
  expect(world.topology.masters.map(({ subject }) => subject.name)).toEqual([...nodes]);
  expect(idsOf(world.topology.masters)).toEqual(nodes.map((node) => `${addressOf(node)}:6443`));
});

describe('a master that answers at a public address, and not where pods are sent', () => {
  /** m2 is asked at its public address; its own one is tried in as many looks. */
  const apart = (why: FailureClass, looks = 2): World => {
    const world = at(withExternal(flagged(publicOf('m2')), { m2: publicOf('m2') }), `${publicOf('m2')}:6443`, answers('m2'));
    world.drop('api.ready', 'm2');
    return Array.from({ length: looks }).reduce<World>(
      (before, _, sample) => at(before, `${addressOf('m2')}:6443`, failedTries('m2', why), sample),
      world,
    );
  };
  const checked = (world: World, status: string, checkStatus: string): World =>
    world.set('lb.stats', undefined, ({ rows }) => ({
      rows: rows.map((row) => (row.server === 'm2' ? { ...row, address: `${addressOf('m2')}:6443`, status, checkStatus } : row)),
    }));
  const alone = (world: World): World => world.missing('lb.stats');
  const judged = (world: World) => world.verdict(endpoints, 'm2');

  test('is a finding where it refuses there twice and the others answer at theirs: pods are sent to the dead', () => {
    const world = alone(apart('refused'));
    expect(idsOf(world.topology.masters)).toContain(`${publicOf('m2')}:6443`);
    const verdict = asFail(judged(world));
    expect(verdict).toMatchObject({ reason: 'dead-address', severity: 'critical', witness: 'measured', subject: { name: 'm2' } });
    expect(shown(endpoints, verdict)).toEqual([
      `m2 ${addressOf('m2')}:6443  refuses connections, is listed; so for 2 looks, while it answers at ${publicOf('m2')}:6443`,
    ]);
    expect(unfilled(endpoints, verdict)).toEqual([]);
    expect(fixesOf(endpoints, world, verdict)[0]).toMatchObject({ where: 'm2', run: expect.arrayContaining(["ss -ltn 'sport = :6443'"]) });
    expect(world.verdict(masterUnreachable, 'm2').status).toBe('pass');
  });

  test('is looked at again before that, for it may just be starting', () => {
    expect(judged(alone(apart('refused', 1)))).toMatchObject({ status: 'unknown', secondLook: 'urged' });
  });

  test('is a finding where HAProxy or the other etcd members do not get there either, be it silence', () => {
    for (const check of ['L4TOUT', 'L4CON'])
      expect(asFail(judged(checked(apart('timeout', 1), 'DOWN', check)))).toMatchObject({ reason: 'dead-address', witness: 'agreed' });
    const lost = alone(apart('timeout', 1));
    for (const node of ['m1', 'm3'] as const) cutStream(lost, node, 'm2');
    expect(asFail(judged(lost))).toMatchObject({ reason: 'dead-address', witness: 'agreed' });
    expect(judged(cutStream(alone(apart('timeout', 1)), 'm1', 'm2')).status).toBe('unknown');
  });

  test('is our own way where HAProxy gets there', () => {
    expect(judged(checked(apart('refused'), 'UP', 'L7OK')).status).toBe('pass');
  });

  test('is open where nobody else can tell: packets are dropped, all are refused, nobody asked', () => {
    expect(judged(alone(apart('timeout'))).status).toBe('unknown');
    const barred = alone(apart('refused'));
    for (const node of ['m1', 'm3']) barred.set('api.ready', node, { tries: failedTries(node, 'refused') });
    expect(judged(barred).status).toBe('unknown');
    expect(judged(alone(apart('refused', 0)))).toMatchObject({
      status: 'unknown',
      gaps: [{ detail: expect.stringContaining('nobody asked'), howToGet: expect.stringContaining(`https://${addressOf('m2')}:6443`) }],
    });
  });

  test('is asked at both, and one that answers where pods are sent at no other', () => {
    const asked = (world: World) => {
      const known = new KnownEvidence(new EvidenceIndex(world.evidence.items));
      return world.topology.masters.flatMap((master) => doorsToAsk(known, master).map(({ host }) => host));
    };
    expect(asked(apart('refused', 0))).toEqual([addressOf('m2')]);
    expect(asked(apart('refused'))).toEqual([addressOf('m2')]);
    expect(asked(withExternal(healthyWorld(), { m2: publicOf('m2') }))).toEqual([]);
  });
});
