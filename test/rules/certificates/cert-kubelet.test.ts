// Are kubelets judged by what they log in with and what they serve?
import { expect, test } from 'vitest';
import kubeconfigs from '../../../rules/certificates/cert-kubeconfig-expired.ts';
import kubelet from '../../../rules/certificates/cert-kubelet.ts';
import expired from '../../../rules/certificates/cert-leaf-expired.ts';
import expiring from '../../../rules/certificates/cert-leaf-expiring.ts';
import { day, file, fileSet, iso, made, showsOn, withFiles } from '../../kit/certificates.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { madeBy, makers } from '../../kit/makers.ts';
import { judgeAll, viewOf } from '../../../src/judge/judge.ts';
import { buildTopology } from '../../../src/judge/topology/build.ts';
import { asFail, healthyWorld, inEnglish, now, type World } from '../../kit/world.ts';

const login = (change: object): World =>
  withFiles({
    certificates: [file('kubelet-client', { ...made, subject: 'O=system:nodes, CN=system:node:m2', usages: ['client'], ...change })],
  });

test('a healthy cluster passes', () => {
  for (const verdict of healthyWorld().judge(kubelet)) expect(verdict.status).toBe('pass');
  expect(login({}).verdict(kubelet, 'm2').status).toBe('pass');
});

test('a login that should have been renewed by now, one of no node, one of a node the API does not have', () => {
  const late = asFail(login({ notBefore: iso(now - 350 * day), notAfter: iso(now + 15 * day) }).verdict(kubelet, 'm2'));
  expect(late).toMatchObject({ severity: 'warning', reason: 'rotation' });
  expect(unfilled(kubelet, late)).toEqual([]);
  expect(asFail(login({ subject: 'CN=admin' }).verdict(kubelet, 'm2')).reason).toBe('identity');
  const other = login({ subject: 'O=system:nodes, CN=system:node:m9' });
  const verdict = asFail(other.verdict(kubelet, 'm2'));
  expect(verdict.facts['words']).toContain('m9');
  expect(gateOf(kubelet, other, verdict, { ...verdict, rule: 'ha-node-notready' })).toEqual(['yes']);
  expect(fixesOf(kubelet, other, verdict)).not.toEqual([]);
});

const ofDays = (lifetime: number, left: number): World =>
  login({ notBefore: iso(now + (left - lifetime) * day), notAfter: iso(now + left * day) });

test('with a day left it is critical, of a short lifetime with the same share of it', () => {
  expect(asFail(ofDays(365, 1.1).verdict(kubelet, 'm2')).severity).toBe('warning');
  expect(asFail(ofDays(365, 0.9).verdict(kubelet, 'm2'))).toMatchObject({ severity: 'critical', reason: 'rotation', impact: 'at-risk' });
  expect(asFail(ofDays(365, 1 / 24).verdict(kubelet, 'm2')).severity).toBe('critical');
  expect(asFail(ofDays(1, 1 / 24).verdict(kubelet, 'm2')).severity).toBe('warning');
  expect(asFail(ofDays(1, 0.0025).verdict(kubelet, 'm2')).severity).toBe('critical');
  expect(asFail(ofDays(3650, 1.1).verdict(kubelet, 'm2')).severity).toBe('warning');
});

test.each(makers.slice(0, 2))('on %s the unit is started anew: nothing else renews it', (kind, version, osImage) => {
  const evidence = madeBy(ofDays(365, 20).evidence, version, osImage);
  const topology = buildTopology(evidence);
  const [verdict] = judgeAll([kubelet], evidence, topology)
    .filter((one) => one.subject.name === 'm2')
    .map(asFail);
  if (verdict === undefined) throw new Error('m2 is judged');
  const unit = kind === 'k3s' ? 'k3s' : 'rke2-server';
  expect(inEnglish(verdict.facts['words'])).toContain(`only a restart of ${unit} renews it`);
  const cause = { facts: verdict.facts, subjects: [verdict.subject], verdicts: [verdict] };
  const fixes = kubelet.fixes(cause, viewOf(evidence, topology));
  expect(fixes.map(({ where, run, risk }) => [where, run, risk])).toEqual([['m2', [`systemctl restart ${unit}`], 'medium']]);
  expect(fixes[0]?.needs).toMatchObject([{ met: 'yes' }, { met: 'yes' }]);
  expect(fixes[0]?.verify[0]).toContain(`/var/lib/rancher/${kind}/agent/client-kubelet.crt`);
});

test('where the kubelet asks for it itself, that is looked at first', () => {
  const world = ofDays(365, 20);
  const [look, ask] = fixesOf(kubelet, world, asFail(world.verdict(kubelet, 'm2')));
  expect(look?.run[0]).toContain('kubectl get csr');
  expect(ask?.run).toEqual([expect.stringContaining('rotateCertificates'), expect.stringContaining('systemctl restart kubelet')]);
});

test('one of no node gets a new login in three steps', () => {
  const world = login({ subject: 'CN=admin' });
  const fixes = fixesOf(kubelet, world, asFail(world.verdict(kubelet, 'm2')));
  expect(fixes.map(({ where }) => where)).toEqual(['m2', 'm2', 'm2']);
  expect(fixes[0]?.run.at(-1)).toContain('kubeadm kubeconfig user --config ');
});

test('a serving certificate for another machine, unless it made it itself', () => {
  const strange = { names: ['w9'], addresses: ['10.0.0.9'] };
  expect(asFail(showsOn('node.kubelet-port', 'm2', strange).verdict(kubelet, 'm2')).reason).toBe('names');
  expect(showsOn('node.kubelet-port', 'm2', { ...strange, issuer: 'CN=m2-ca@1' }).verdict(kubelet, 'm2').status).toBe('pass');
});

test('what it logs in with is not taken for good because of what it serves', () => {
  const world = healthyWorld().set('kube.nodes', undefined, (old) => ({
    ...old,
    nodes: old.nodes.map((node) => (node.name === 'm2' ? { ...node, ready: 'Unknown' as const } : node)),
  }));
  expect(world.verdict(kubelet, 'm2').status).toBe('unknown');
  expect(world.verdict(kubelet, 'm1')).toMatchObject({ status: 'pass', facts: { note: 'its node is Ready, so its login is accepted' } });
});

test('a kubelet nobody saw is unknown', () => {
  expect(healthyWorld().missing('node.kubelet-port', 'm2').verdict(kubelet, 'm2').status).toBe('unknown');
});

test('what a kubelet serves is no login, wherever it lies', () => {
  const own = { ...made, subject: 'CN=m2@1795283600', issuer: 'CN=m2-ca@1795283600', names: ['m2'] };
  const world = withFiles({
    certificates: [file('kubelet-client', { ...made, subject: 'O=system:nodes, CN=system:node:m2' }), file('kubelet', own)],
  });
  expect(world.verdict(kubelet, 'm2').status).toBe('pass');
  const strange = withFiles({ certificates: [file('kubelet', { ...own, issuer: 'CN=kubernetes', names: ['w9'], addresses: [] })] });
  expect(asFail(strange.verdict(kubelet, 'm2')).reason).toBe('names');
});

/** The tool runs on the worker w1, and shows what its kubelet has. */
function onWorker(days: number): World {
  const dates = { notBefore: iso(now + (days - 365) * day), notAfter: iso(now + days * day) };
  const own = file('kubelet-client', { ...made, ...dates, subject: 'O=system:nodes, CN=system:node:w1', usages: ['client'] });
  return healthyWorld().set('here.kubelet', undefined, fileSet('w1', { certificates: [own] }));
}

test('on a worker its own kubelet is judged by its files, and nothing else is held to be seen', () => {
  expect(onWorker(300).verdict(kubelet, 'w1').status).toBe('pass');
  expect(asFail(onWorker(2).verdict(kubelet, 'w1'))).toMatchObject({ reason: 'rotation', facts: { node: 'w1' } });
  expect(asFail(onWorker(-1).verdict(expired, 'w1/kubelet-client'))).toMatchObject({ severity: 'critical' });
  const unseen = onWorker(300)
    .judge(expiring)
    .filter(({ status }) => status === 'unknown');
  expect(unseen.map(({ subject }) => subject.id)).toEqual(['logins']);
  const files = onWorker(300).judge(kubeconfigs);
  expect(files.map(({ subject, status }) => [subject.id, status])).toEqual([['cluster', 'unknown']]);
});

test('on a worker without its files its kubelet is known by what the network shows alone', () => {
  const seen = healthyWorld()
    .judge(expired)
    .map(({ subject }) => subject.id);
  expect(seen.filter((id) => id.startsWith('w1/'))).toEqual(['w1/kubelet-serving']);
});
