import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-leaf-expired.ts';
import { viewOf } from '../../../src/judge/judge.ts';
import type { LocalFiles } from '../../../src/model/here.ts';
import type { EvidenceItem } from '../../../src/model/evidence.ts';
import type { CertificateSeen } from '../../../src/model/network.ts';
import type { Edge } from '../../../src/model/rule.ts';
import type { Fail } from '../../../src/model/verdict.ts';
import { inEnglish, answered, asFail, certificate, failedTries, healthyWorld, now, World } from '../../kit/world.ts';

const hour = 3_600_000;

function ended(node: string, agoMs = 4 * hour, change: Partial<CertificateSeen> = {}): CertificateSeen {
  return certificate(node, { notAfter: new Date(now - agoMs).toISOString(), ...change });
}

function servesEnded(node: string, agoMs?: number, world = healthyWorld()): World {
  const chain = [ended(node, agoMs)];
  const trust = { kind: 'untrusted', why: 'expired', detail: 'it expired' } as const;
  return world.set('api.ready', node, { tries: [answered(node, 200, 'ok', { chain, trust })] });
}

function onPort(
  id: 'etcd.client-port' | 'etcd.peer-port' | 'node.kubelet-port',
  node: string,
  chain: readonly CertificateSeen[],
  world = healthyWorld(),
): World {
  return world.set(id, node, { outcome: { kind: 'open' }, chain });
}

function withFiles(certificates: LocalFiles['certificates'], world = healthyWorld()): World {
  return world.set('here.files', undefined, { node: 'm2', certificates, manifests: [], unreadable: [] });
}

function edgeTo(to: string, cause: Fail, effect: { node?: string; reason?: string }, world: World) {
  const subject = { kind: 'node', id: effect.node ?? 'm2', name: effect.node ?? 'm2', keys: { node: effect.node ?? 'm2' } } as const;
  const link = { cause, effect: { ...cause, subject, ...(effect.reason !== undefined && { reason: effect.reason }) } };
  const seen = viewOf(world.evidence, world.topology);
  const open = (edge: Edge) => effect.reason === undefined || edge.produces === undefined || edge.produces.includes(effect.reason);
  return (rule.explains as readonly Edge[])
    .filter((edge) => edge.to === to && open(edge))
    .map((edge) => edge.when?.(link, seen) ?? 'yes')
    .filter((one) => one !== 'no');
}

test('every role on every machine of a healthy cluster passes', () => {
  const verdicts = healthyWorld().judge(rule);
  expect(new Set(verdicts.map((verdict) => verdict.status))).toEqual(new Set(['pass']));
  expect(verdicts.map((verdict) => verdict.subject.id).sort()).toEqual([
    ...['m1', 'm2', 'm3'].flatMap((node) => ['apiserver', 'etcd-peer', 'etcd-server', 'kubelet-serving'].map((role) => `${node}/${role}`)),
    'w1/kubelet-serving',
  ]);
});

test('an expired API-server certificate: one critical verdict with role, serial, digest and age by the servers’ clocks', () => {
  const verdict = asFail(servesEnded('m2').verdict(rule, 'm2/apiserver'));
  expect(verdict).toMatchObject({ severity: 'critical', impact: 'degraded', group: 'apiserver', witness: 'stated' });
  expect(verdict.subject.keys).toEqual({ node: 'm2', apiserver: '10.89.0.12:6443', member: 'a2c947be10d8f355', file: 'm2/apiserver' });
  expect(verdict.facts).toMatchObject({
    nodes: 'm2',
    verb: 'serves',
    where: '10.89.0.12:6443',
    serial: '3b7f19c2',
    ended: '2026-11-20 23:12:44Z',
    ago: '4 h',
    by: 'the clocks of m1, m2, m3',
    share: ': 1 of 3 connections meet it',
  });
  expect(verdict.facts['others']).toContain('m1, m3: valid');
  expect(servesEnded('m2').verdict(rule, 'm1/apiserver').status).toBe('pass');
});

test('all masters: an outage, each with its own verdict in one group', () => {
  const world = ['m1', 'm2', 'm3'].reduce((one, node) => servesEnded(node, hour, one), healthyWorld());
  const verdict = asFail(world.verdict(rule, 'm1/apiserver'));
  expect(verdict).toMatchObject({ impact: 'outage', facts: { nodes: 'm1, m2, m3', verb: 'serve', others: '' } });
});

test('the last second decides: surely past fails, what the clocks leave open is unknown', () => {
  const coarse = () => healthyWorld().missing('etcd.clock');
  expect(servesEnded('m2', 2000, coarse()).verdict(rule, 'm2/apiserver').status).toBe('fail');
  expect(servesEnded('m2', 0, coarse()).verdict(rule, 'm2/apiserver').status).toBe('unknown');
  expect(servesEnded('m2', -2000, coarse()).verdict(rule, 'm2/apiserver').status).toBe('pass');
});

test('one clock a year ahead ends no certificate, nor does our own', () => {
  const ahead = healthyWorld().missing('etcd.clock');
  ahead.set('api.ready', 'm2', { tries: [answered('m2', 200, 'ok', {}, now + 400 * 24 * hour)] });
  expect(ahead.judge(rule).every((verdict) => verdict.status === 'pass')).toBe(true);
  const ours = healthyWorld().missing('etcd.clock');
  for (const node of ['m1', 'm2', 'm3']) ours.set('api.ready', node, { tries: [answered(node, 200, 'ok', {}, now - 400 * 24 * hour)] });
  expect(ours.judge(rule).every((verdict) => verdict.status === 'pass')).toBe(true);
});

test('the only clock that is told, a year ahead, ends no certificate: it or ours may be off', () => {
  const world = healthyWorld()
    .missing('etcd.clock')
    .set('api.ready', 'm1', { tries: [answered('m1', 200, 'ok', {}, now + 400 * 24 * hour)] });
  for (const node of ['m2', 'm3']) world.set('api.ready', node, { tries: failedTries(node, 'refused') });
  const statuses = new Set(world.judge(rule).map(({ status }) => status));
  expect([...statuses].sort()).not.toContain('fail');
  expect([...statuses]).toContain('unknown');
});

test('where no server tells the time our own clock decides, and the witness is only a measurement', () => {
  const world = servesEnded('m2').missing('etcd.clock').missing('lb.tries').missing('api.ready', 'm1').missing('api.ready', 'm3');
  world.set('api.ready', 'm2', { tries: failedTries('m2', 'tls').map((one) => ({ ...one, chain: [ended('m2')] })) });
  expect(asFail(world.verdict(rule, 'm2/apiserver'))).toMatchObject({
    witness: 'measured',
    facts: { by: 'this machine’s clock, no server told the time' },
  });
});

test.each([
  ['etcd.client-port', 'm2/etcd-server', '10.89.0.12:2379'],
  ['etcd.peer-port', 'm2/etcd-peer', '10.89.0.12:2380'],
] as const)('%s shows the certificate of its role', (id, subject, where) => {
  const world = onPort(id, 'm2', [ended('m2')]);
  expect(asFail(world.verdict(rule, subject))).toMatchObject({ severity: 'critical', facts: { where } });
  expect(world.judge(rule).filter((verdict) => verdict.status === 'fail')).toHaveLength(1);
});

test('a kubelet’s own certificate is checked by nobody: info; one that somebody signed is a warning; an unseen one is no question', () => {
  const selfMade = ended('m2', hour, { subject: 'CN=m2@1732000000', issuer: 'CN=m2-ca@1732000000' });
  expect(asFail(onPort('node.kubelet-port', 'm2', [selfMade]).verdict(rule, 'm2/kubelet-serving')).severity).toBe('info');
  expect(asFail(onPort('node.kubelet-port', 'm2', [ended('m2')]).verdict(rule, 'm2/kubelet-serving')).severity).toBe('warning');
  const ids = healthyWorld()
    .missing('node.kubelet-port', 'w1')
    .judge(rule)
    .map((verdict) => verdict.subject.id);
  expect(ids).not.toContain('w1/kubelet-serving');
});

test('a port that showed no certificate, or was never asked, is unknown and names who stayed silent', () => {
  const silent = healthyWorld().set('etcd.client-port', 'm2', {
    outcome: { kind: 'failed', why: 'refused', detail: 'refused' },
    chain: [],
  });
  expect(silent.verdict(rule, 'm2/etcd-server')).toMatchObject({ status: 'unknown', gaps: [{ through: 'member/10.89.0.12:2379' }] });
  expect(healthyWorld().missing('etcd.peer-port', 'm2').verdict(rule, 'm2/etcd-peer').status).toBe('unknown');
  const down = healthyWorld()
    .set('api.ready', 'm2', { tries: failedTries('m2', 'refused') })
    .set('lb.tries', undefined, { tries: [answered('m1', 200)] });
  expect(down.verdict(rule, 'm2/apiserver')).toMatchObject({ status: 'unknown', gaps: [{ through: 'apiserver/10.89.0.12:6443' }] });
});

test('a master that cannot be reached directly is judged by what it serves through the load balancer', () => {
  const tries = ['m1', 'm2', 'm3'].map((node) => answered(node, 200, 'ok', node === 'm2' ? { chain: [ended('m2')] } : {}));
  const world = healthyWorld().missing('api.ready', 'm2').set('lb.tries', undefined, { tries });
  expect(asFail(world.verdict(rule, 'm2/apiserver')).facts).toMatchObject({ where: 'through the LB' });
});

test('a leaf through the load balancer that no master owns is judged by itself', () => {
  const chain = [ended('m2', hour, { sha256: 'f'.repeat(64), names: ['lb.example'], addresses: ['10.89.0.10'] })];
  const world = healthyWorld().set('lb.tries', undefined, { tries: [answered('m1', 200, 'ok', { chain })] });
  expect(asFail(world.verdict(rule, 'LB')).subject.keys).toEqual({ lb: '10.89.0.10:8443', file: '10.89.0.10:8443/apiserver/ffffffffffff' });
});

test('nobody knows the masters or the members: unknown, never an empty good', () => {
  const blind = healthyWorld();
  for (const id of [
    'kube.nodes',
    'kube.control-plane-pods',
    'kube.endpoints',
    'kube.kubeadm-config',
    'etcd.members',
    'etcd.client-port',
    'etcd.status',
    'api.ready',
  ] as const)
    blind.missing(id);
  const verdicts = blind.judge(rule);
  expect(verdicts.find((verdict) => verdict.subject.kind === 'cluster')?.status).toBe('unknown');
  expect(verdicts.some((verdict) => verdict.status === 'fail')).toBe(false);
});

test('files here add the roles that nobody serves, and never hide what is served', () => {
  const client = { path: '/etc/kubernetes/pki/apiserver-etcd-client.crt', role: 'apiserver-etcd-client', certificate: ended('m2') };
  const renewed = { path: '/etc/kubernetes/pki/apiserver.crt', role: 'apiserver', certificate: certificate('m2') };
  const world = withFiles([client, renewed], servesEnded('m2'));
  expect(asFail(world.verdict(rule, 'm2/apiserver-etcd-client')).facts).toMatchObject({ verb: 'holds', where: client.path });
  expect(asFail(world.verdict(rule, 'm2/apiserver')).facts).toMatchObject({ kind: 'served', where: '10.89.0.12:6443' });
  const unseen = withFiles([renewed])
    .set('api.ready', 'm2', { tries: failedTries('m2', 'refused') })
    .missing('lb.tries');
  expect(unseen.verdict(rule, 'm2/apiserver').status).toBe('unknown');
});

test('authorities, rotated copies and files of somebody’s own are not judged', () => {
  const authority = { path: '/etc/kubernetes/pki/ca.crt', role: 'ca', certificate: ended('m2', hour, { isAuthority: true }) };
  const old = {
    path: '/var/lib/kubelet/pki/kubelet-client-2025-01-01-00-00-00.pem',
    role: 'kubelet-client-2025-01-01-00-00-00',
    certificate: ended('m2'),
  };
  const own = { path: '/etc/kubernetes/pki/backup.crt', role: 'backup', certificate: ended('m2') };
  expect(
    withFiles([authority, old, own])
      .judge(rule)
      .every((verdict) => verdict.status === 'pass'),
  ).toBe(true);
});

test('each role explains its own consequences and no others', () => {
  const api = servesEnded('m2');
  const cause = asFail(api.verdict(rule, 'm2/apiserver'));
  expect(edgeTo('api-master-unreachable', cause, { reason: 'untrusted' }, api)).toEqual(['yes']);
  expect(edgeTo('api-master-unreachable', cause, { reason: 'hung' }, api)).toEqual([]);
  expect(edgeTo('ha-node-notready', cause, {}, api)).toEqual(['yes']);
  expect(edgeTo('etcd-member-down', cause, {}, api)).toEqual([]);
  const etcd = onPort('etcd.client-port', 'm2', [ended('m2')]);
  const server = asFail(etcd.verdict(rule, 'm2/etcd-server'));
  expect(edgeTo('etcd-member-down', server, { reason: 'untrusted' }, etcd)).toEqual(['yes']);
  expect(edgeTo('api-readyz-etcd', server, {}, etcd)).toEqual(['yes']);
  expect(edgeTo('api-master-unreachable', server, { reason: 'untrusted' }, etcd)).toEqual([]);
  expect(edgeTo('api-master-unreachable', server, { reason: 'hung' }, etcd)).toEqual(['yes']);
  expect(edgeTo('ha-node-notready', server, {}, etcd)).toEqual([]);
});

test('an API server that knows other members than the one beside it is not explained by that one', () => {
  const world = onPort('etcd.client-port', 'm2', [ended('m2')]);
  world.set('kube.control-plane-pods', undefined, (old) => ({
    ...old,
    pods: old.pods.map((pod) => ({
      ...pod,
      containers: pod.containers.map((one) => ({
        ...one,
        command: one.command.map((word) => word.replace('https://127.0.0.1:2379', 'https://10.89.0.11:2379,https://10.89.0.12:2379')),
      })),
    })),
  }));
  expect(edgeTo('api-readyz-etcd', asFail(world.verdict(rule, 'm2/etcd-server')), {}, world)).toEqual([]);
});

test('a kubelet that does not answer itself, or uses the load balancer, has another trouble', () => {
  const dead = servesEnded('m2').set('node.kubelet-port', 'm2', {
    outcome: { kind: 'failed', why: 'refused', detail: 'refused' },
    chain: [],
  });
  expect(edgeTo('ha-node-notready', asFail(dead.verdict(rule, 'm2/apiserver')), {}, dead)).toEqual([]);
  const worker = servesEnded('m2');
  expect(edgeTo('ha-node-notready', asFail(worker.verdict(rule, 'm2/apiserver')), { node: 'w1' }, worker)).toEqual([]);
});

test('the plan drains the one server by its name in HAProxy, renews, verifies and puts it back', () => {
  const world = servesEnded('m2');
  const plan = fixesOf(world, ['m2/apiserver']);
  expect(plan.map((fix) => fix.where)).toEqual(['lb', 'm2', 'lb']);
  expect(plan[0]?.run).toEqual(["echo 'set server api/m2 state drain' | socat - /run/haproxy/admin.sock"]);
  expect(plan[0]?.needs).toEqual([
    { text: 'm1 ready', met: 'yes' },
    { text: 'm3 ready', met: 'yes' },
  ]);
  expect(plan[1]?.run).toContainEqual(expect.stringMatching(/&& kubeadm certs renew apiserver$/));
  expect(plan[1]?.verify[0]).toContain('openssl s_client -connect 10.89.0.12:6443');
});

test('nothing is drained when no other master is ready, when several are hit, or when HAProxy was not seen', () => {
  const alone = servesEnded('m2')
    .set('api.ready', 'm1', { tries: failedTries('m1', 'refused') })
    .set('api.ready', 'm3', { tries: failedTries('m3', 'refused') });
  expect(fixesOf(alone, ['m2/apiserver']).map((fix) => fix.where)).toEqual(['m2']);
  const two = servesEnded('m3', hour, servesEnded('m2'));
  expect(fixesOf(two, ['m2/apiserver', 'm3/apiserver']).map((fix) => fix.where)).toEqual(['m2', 'm3']);
  expect(fixesOf(servesEnded('m2').missing('lb.stats'), ['m2/apiserver']).map((fix) => fix.where)).toEqual(['m2']);
});

test('a file that is already renewed is said, so that nobody renews it twice', () => {
  const renewed = { path: '/etc/kubernetes/pki/apiserver.crt', role: 'apiserver', certificate: certificate('m2') };
  const plan = fixesOf(withFiles([renewed], servesEnded('m2')), ['m2/apiserver']);
  expect(plan.flatMap((fix) => fix.needs)).toContainEqual({ text: 'the file is not renewed yet', met: 'no' });
});

function fixesOf(world: World, ids: readonly string[]) {
  const verdicts = ids.map((id) => asFail(world.verdict(rule, id)));
  const [first] = verdicts;
  if (first === undefined) throw new Error('no verdict was asked for');
  return inEnglish(
    rule.fixes({ facts: first.facts, subjects: verdicts.map((one) => one.subject), verdicts }, viewOf(world.evidence, world.topology)),
  );
}

test('what a machine shows at a second address is not hidden by its silent first one', () => {
  const named = healthyWorld()
    .set('operator.hints', undefined, { masters: [{ address: '203.0.113.1:6443', from: 'flag' }], members: [] })
    .set('api.ready', 'm1', (old) => ({ ...old, tries: failedTries('m1', 'timeout') }));
  const chain = [certificate('m1', { notAfter: new Date(now - 86_400_000).toISOString() })];
  const ready = named.evidence.items.find(({ id }) => id === 'api.ready');
  const subject = { kind: 'apiserver', id: '203.0.113.1:6443', name: '203.0.113.1', keys: { apiserver: '203.0.113.1:6443' } } as const;
  const second = { ...ready, subject, value: { tries: [answered('m1', 200, 'ok', { chain })] } } as EvidenceItem;
  const world = new World([...named.evidence.items, second]);
  expect(world.verdict(rule, 'm1/apiserver')).toMatchObject({ status: 'fail', facts: { where: '203.0.113.1:6443' } });
});

test('a client certificate for etcd that nobody saw is told by the API server that etcd refused, while it serves nobody', () => {
  const log = (text: string, world = healthyWorld()): World =>
    world.set('kube.container-logs', undefined, {
      logs: [{ component: 'kube-apiserver', node: 'm3', pod: 'kube-apiserver-m3', previous: true, lines: [{ at: now - 5000, text }] }],
    });
  const refused =
    'E1121 03:12:44.1       1 run.go:72] "command failed" err="context deadline exceeded: remote error: tls: expired certificate"';
  const dead = (world: World) => world.set('api.ready', 'm3', { tries: failedTries('m3', 'refused') });
  const verdict = asFail(dead(log(refused)).verdict(rule, 'm3/apiserver-etcd-client'));
  expect(verdict).toMatchObject({ group: 'apiserver-etcd-client', witness: 'stated', severity: 'critical' });
  expect(verdict.facts['where']).toBe('/etc/kubernetes/pki/apiserver-etcd-client.crt');
  const told = (world: World) => world.judge(rule).filter(({ subject }) => subject.id.endsWith('etcd-client')).length;
  expect(told(log(refused))).toBe(0);
  expect(told(dead(log('E1121 03:12:44.1       1 run.go:72] "command failed" err="context deadline exceeded"')))).toBe(0);
  expect(told(dead(healthyWorld().missing('kube.container-logs')))).toBe(0);
});
