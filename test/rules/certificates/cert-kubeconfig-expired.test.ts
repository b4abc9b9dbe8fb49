// Are the control plane's own kubeconfigs judged by dates, authority and where they lead?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-kubeconfig-expired.ts';
import type { KubeconfigFile } from '../../../src/model/here.ts';
import { authorityFile, day, file, iso, kubeconfigFile, withFiles } from '../../kit/certificates.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, certificate, healthyWorld, now, type World } from '../../kit/world.ts';

function having(role: string, change: Partial<KubeconfigFile> = {}): World {
  return withFiles({ certificates: [authorityFile('ca', 'good')], kubeconfigs: [kubeconfigFile(role, change)] });
}
const until = (days: number) => ({
  client: certificate('m2', { notBefore: iso(now + (days - 365) * day), notAfter: iso(now + days * day) }),
});

test('good ones pass', () => {
  expect(having('admin').verdict(rule, 'm2/admin.conf').status).toBe('pass');
  const rotating: Partial<KubeconfigFile> = { clientFile: '/var/lib/kubelet/pki/kubelet-client-current.pem' };
  const { client: _, ...kubelet } = kubeconfigFile('kubelet', rotating);
  expect(withFiles({ kubeconfigs: [kubelet] }).verdict(rule, 'm2/kubelet.conf').status).toBe('pass');
});

test.each<[string, string, Partial<KubeconfigFile>, string, string]>([
  ['ended', 'controller-manager', until(-1), 'expired', 'critical'],
  ['about to end', 'scheduler', until(5), 'expiring', 'critical'],
  ['within a month', 'scheduler', until(20), 'expiring', 'warning'],
  ['another authority held', 'admin', { authorities: [authorityFile('ca', 'odd').certificate] }, 'other-authority', 'critical'],
  ['signed by another authority', 'admin', { signedBy: ['f'.repeat(64)] }, 'other-authority', 'critical'],
  ['leads to nobody', 'admin', { server: 'https://10.89.0.99:6443' }, 'elsewhere', 'warning'],
  ['a kubelet’s without rotation', 'kubelet', {}, 'no-rotation', 'warning'],
])('%s', (_name, role, change, reason, severity) => {
  const world = having(role, change);
  const verdict = asFail(world.verdict(rule, `m2/${role}.conf`));
  expect(verdict).toMatchObject({ reason, severity, group: `${role}.conf`, witness: 'stated' });
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run.length).toBeGreaterThan(1);
});

test('a kubelet’s that ended is made anew so that it renews itself, and keeps its server unless that leads elsewhere', () => {
  const plan = (change: Partial<KubeconfigFile>) => {
    const world = having('kubelet', change);
    const fixes = fixesOf(rule, world, asFail(world.verdict(rule, 'm2/kubelet.conf')));
    return fixes.flatMap(({ run }) => run).join('\n');
  };
  for (const change of [until(-1), { authorities: [authorityFile('ca', 'odd').certificate] }]) {
    expect(plan(change)).toContain('client-certificate: /var/lib/kubelet/pki/kubelet-client-current.pem');
    expect(plan(change)).toContain('server=$(sed');
  }
  expect(plan({ server: 'https://10.89.0.99:6443' })).not.toContain('server=$(sed');
});

test('an ended one explains its own component, an administrator’s none of them', () => {
  const effect = { rule: 'le-component-unhealthy' } as const;
  const of = (role: string) => {
    const world = having(role, until(-1));
    const verdict = asFail(world.verdict(rule, `m2/${role}.conf`));
    return gateOf(rule, world, verdict, { ...verdict, ...effect });
  };
  expect(of('scheduler')).toEqual(['yes']);
  expect(of('admin')).toEqual(['no']);
});

test('names may lead anywhere, and without files it is unknown', () => {
  expect(having('admin', { server: 'https://api.example.org:6443' }).verdict(rule, 'm2/admin.conf').status).toBe('pass');
  expect(healthyWorld().judge(rule)).toMatchObject([{ status: 'unknown' }]);
});

test('one that names a file is as good as that file is, and unknown where nobody read it', () => {
  const { client: _, ...rest } = kubeconfigFile('scheduler');
  const named = { ...rest, clientFile: '/var/lib/rancher/k3s/server/tls/client-scheduler.crt' };
  const beside = (days: number) => file('scheduler', until(days).client, { path: '/copies/m2/client-scheduler.crt' });
  const of = (days: number) => withFiles({ certificates: [beside(days)], kubeconfigs: [named] }).verdict(rule, 'm2/scheduler.conf');
  expect(of(300).status).toBe('pass');
  expect(asFail(of(-1))).toMatchObject({ reason: 'expired', severity: 'critical' });
  const alone = withFiles({ kubeconfigs: [named] }).verdict(rule, 'm2/scheduler.conf');
  expect(alone).toMatchObject({ status: 'unknown', gaps: [{ detail: expect.stringContaining('client-scheduler.crt') }] });
});

test('one that nobody was let read is unknown, with what forbade it', () => {
  const world = having('admin').set('here.files', undefined, (old) => ({
    ...old,
    unreadable: [
      { path: '/etc/kubernetes/scheduler.conf', why: 'permission denied' },
      { path: '/etc/kubernetes/mine.conf', why: 'permission denied' },
    ],
  }));
  const found = world.judge(rule).filter(({ subject }) => subject.id.startsWith('m2/'));
  expect(found.map(({ subject, status }) => [subject.id, status])).toEqual([
    ['m2/admin.conf', 'pass'],
    ['m2/scheduler.conf', 'unknown'],
  ]);
});
