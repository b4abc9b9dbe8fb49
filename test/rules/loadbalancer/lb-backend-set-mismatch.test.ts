import { expect, test } from 'vitest';
import rule from '../../../rules/loadbalancer/lb-backend-set-mismatch.ts';
import disagrees from '../../../rules/loadbalancer/lb-check-disagrees.ts';
import { addFiles } from '../../kit/keepers.ts';
import { fixesOf, gateOf, shown, unfilled } from '../../kit/texts.ts';
import { answered, asFail, certificate, failedTries, healthyWorld, type World } from '../../kit/world.ts';
import { behindEnvoy, failedCheck, files, paths, row, server, withoutBalancer } from './balancer.ts';

const statusOf = (world: World): string => world.verdict(rule, 'LB').status;
const withoutM2 = (world: World): World => paths(world, (path) => ({ ...path, servers: path.servers.filter((one) => one.name !== 'm2') }));
const withStranger = (world: World): World =>
  paths(world, (path) => ({ ...path, servers: [...path.servers, server('old', '10.89.0.77:6443')] }));

test('a balancer that knows all masters passes, by its table, its file or both', () => {
  expect(statusOf(healthyWorld())).toBe('pass');
  expect(statusOf(healthyWorld().missing('lb.config'))).toBe('pass');
  expect(statusOf(healthyWorld().missing('lb.stats'))).toBe('pass');
});

test('a master that serves and is not listed', () => {
  const verdict = asFail(withoutM2(healthyWorld()).verdict(rule, 'LB'));
  expect(verdict).toMatchObject({ reason: 'absent', severity: 'warning', witness: 'stated' });
  expect(shown(rule, verdict)[0]).toContain('lb /etc/haproxy/haproxy.cfg  m2 (10.89.0.12:6443) serves and is not listed');
  expect(unfilled(rule, verdict)).toEqual([]);
});

test('one that does not serve may well be left out; one nobody asked leaves it open', () => {
  expect(asFail(withoutM2(healthyWorld().set('api.ready', 'm2', { tries: failedTries('m2', 'refused') })).verdict(rule, 'LB')).reason).toBe(
    'not-loaded',
  );
  const unasked = withoutM2(healthyWorld().missing('lb.stats')).missing('api.ready', 'm2');
  expect(statusOf(unasked)).toBe('unknown');
});

test('a stranger is one only where all masters are known, and worse when another authority vouches for it', () => {
  expect(asFail(withStranger(healthyWorld()).verdict(rule, 'LB')).reason).toBe('stranger');
  const foreign = withStranger(healthyWorld()).set('lb.strangers', undefined, {
    strangers: [
      {
        address: '10.89.0.77:6443',
        last: answered('m1', 401, '', {
          chain: [certificate('m1', { sha256: 'f'.repeat(64) })],
          trust: { kind: 'untrusted', why: 'unknown-authority', detail: '' },
        }),
      },
    ],
  });
  expect(asFail(foreign.verdict(rule, 'LB'))).toMatchObject({ reason: 'foreign', severity: 'critical' });
  expect(withStranger(healthyWorld().missing('kube.nodes').missing('lb.stats')).verdict(rule, 'LB').status).not.toBe('fail');
});

test('the wrong port of a master brings about what the balancer thinks of that master, and of no other', () => {
  const wrong = (world: World): World =>
    row(
      paths(world, (path) => ({
        ...path,
        servers: path.servers.map((one) => (one.name === 'm3' ? server('m3', '10.89.0.13:6444') : one)),
      })),
      'm3',
      { address: '10.89.0.13:6444', status: 'DOWN', checkStatus: 'L4CON', lastChange: 90 },
    );
  const world = wrong(healthyWorld());
  const verdict = asFail(world.verdict(rule, 'LB'));
  expect(verdict.reason).toBe('port');
  const effect = asFail(world.verdict(disagrees, 'm3'));
  expect(gateOf(rule, world, verdict, effect)).toEqual(['yes']);
  expect(gateOf(rule, world, verdict, { ...effect, facts: { ...effect.facts, server: 'm2', address: '10.89.0.12:6443' } })).toEqual(['no']);
});

test('two files that differ, and a file that the running balancer has not read', () => {
  const [file] = [...files(healthyWorld(), (one) => one).evidence.items].flatMap((item) =>
    item.id === 'lb.config' && item.state === 'known' ? item.value.files : [],
  );
  if (file === undefined) throw new Error('no file');
  const down = (world: World): World => world.set('api.ready', 'm2', { tries: failedTries('m2', 'refused') });
  const other = {
    ...file,
    node: 'lb2',
    content: {
      kind: 'haproxy' as const,
      paths: file.content.kind === 'haproxy' ? file.content.paths.map((path) => ({ ...path, servers: path.servers.slice(0, 2) })) : [],
    },
  };
  const m3Down = healthyWorld().set('api.ready', 'm3', { tries: failedTries('m3', 'refused') });
  expect(asFail(addFiles(m3Down, other).verdict(rule, 'LB')).reason).toBe('differs');
  expect(asFail(withoutM2(down(healthyWorld())).verdict(rule, 'LB')).reason).toBe('not-loaded');
});

test('names that nobody resolved, a file nobody understood, no list at all: unknown', () => {
  const named = paths(healthyWorld().missing('lb.stats'), (path) => ({
    ...path,
    servers: path.servers.map((one) => server(one.name, `${one.name}.example:6443`)),
  }));
  expect(statusOf(named)).toBe('unknown');
  const unread = healthyWorld().set('lb.config', undefined, (old) => ({ ...old, unreadable: [{ path: 'x', node: 'lb2', why: 'no' }] }));
  expect(statusOf(unread)).toBe('unknown');
  expect(statusOf(healthyWorld().missing('lb.stats').missing('lb.config'))).toBe('unknown');
  expect(
    withoutBalancer(healthyWorld())
      .judge(rule)
      .map((one) => one.status),
  ).toEqual(['not-applicable']);
});

test('a stranger that is taken out costs a reserve; one that gets clients, or of which nobody knows, costs clients', () => {
  const world = (trouble: readonly string[]) =>
    behindEnvoy(healthyWorld()).set('lb.envoy', undefined, ({ hosts, clusters }) => ({
      clusters,
      hosts: hosts.map((host) =>
        host.address === '10.89.0.12:6443' ? { ...host, address: '10.89.0.77:6443', healthy: trouble.length === 0, trouble } : host,
      ),
    }));
  const out = asFail(world(failedCheck).verdict(rule, 'LB'));
  expect(out).toMatchObject({ reason: 'stranger', impact: 'at-risk' });
  expect(shown(rule, out)[0]).toBe('Envoy now  10.89.0.77:6443 is no API server of this cluster');
  expect(JSON.stringify(fixesOf(rule, world(failedCheck), out))).not.toContain('haproxy');
  expect(asFail(world([]).verdict(rule, 'LB')).impact).toBe('degraded');
  expect(asFail(withStranger(healthyWorld().missing('lb.stats')).verdict(rule, 'LB')).impact).toBe('degraded');
});
