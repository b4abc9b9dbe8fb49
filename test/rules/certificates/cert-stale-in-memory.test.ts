// Is "renewed but not restarted" seen, and only then?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-stale-in-memory.ts';
import { day, file, iso, kubeconfigFile, serves, withFiles } from '../../kit/certificates.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now } from '../../kit/world.ts';

const served = { sha256: 'm2'.padEnd(64, '0') };
const renewed = { sha256: 'e'.repeat(64), notAfter: iso(now + 364 * day) };

test('what is served lies in its file: passes', () => {
  expect(withFiles({ certificates: [file('apiserver', served)] }).verdict(rule, 'm2/apiserver').status).toBe('pass');
});

test('renewed a day ago, the old one served: a warning, critical when that has ended', () => {
  const world = withFiles({ certificates: [file('apiserver', renewed)] });
  const verdict = asFail(world.verdict(rule, 'm2/apiserver'));
  expect(verdict).toMatchObject({ severity: 'warning', reason: 'served', facts: { when: 'written 24 h ago' } });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run[0]).toContain('mv /etc/kubernetes/manifests/kube-apiserver.yaml');
  const ended = withFiles({ certificates: [file('apiserver', renewed)] }, serves('m2', { notAfter: iso(now - day) }));
  const critical = asFail(ended.verdict(rule, 'm2/apiserver'));
  expect(critical.severity).toBe('critical');
  expect(gateOf(rule, ended, critical, { ...critical, rule: 'cert-leaf-expired' })).toEqual(['yes']);
});

test('an API server has two minutes to read its file again, and an older file is not a renewal', () => {
  expect(withFiles({ certificates: [file('apiserver', renewed, { modifiedAt: now - 60_000 })] }).verdict(rule, 'm2/apiserver').status).toBe(
    'unknown',
  );
  const older = { sha256: 'e'.repeat(64), notAfter: iso(now + day) };
  expect(withFiles({ certificates: [file('apiserver', older)] }).verdict(rule, 'm2/apiserver').status).toBe('pass');
});

test('a controller reads its kubeconfig once: one written after it was started is not in use', () => {
  const old = withFiles({ kubeconfigs: [kubeconfigFile('controller-manager')] });
  expect(old.verdict(rule, 'm2/controller-manager.conf').status).toBe('pass');
  const world = withFiles({ kubeconfigs: [kubeconfigFile('controller-manager', { modifiedAt: now - 3_600_000 })] });
  const verdict = asFail(world.verdict(rule, 'm2/controller-manager.conf'));
  expect(verdict).toMatchObject({ reason: 'login', witness: 'agreed', facts: { component: 'kube-controller-manager' } });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run[0]).toContain('kube-controller-manager.yaml');
  expect(world.missing('kube.control-plane-pods').verdict(rule, 'm2/controller-manager.conf').status).toBe('unknown');
});

test('without files it is unknown', () => {
  expect(healthyWorld().judge(rule)).toMatchObject([{ status: 'unknown' }]);
});
