// Is "renewed but not restarted" seen, and only then?
import { expect, test } from 'vitest';
import rule from '../../../rules/certificates/cert-stale-in-memory.ts';
import { fill } from '../../../src/explain/template.ts';
import { day, type Files, file, iso, kubeconfigFile, made, serves, withFiles } from '../../kit/certificates.ts';
import { avoidOf, fixesOf, gateOf, shown, unfilled } from '../../kit/texts.ts';
import { asFail, certificate, healthyWorld, now, type World } from '../../kit/world.ts';

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

const hour = 3_600_000;
const year = 365 * day;

/** The controller manager of m2 was started a day ago; its file was written an hour ago. */
function rewritten(dates: { readonly from: number; readonly until: number } | undefined, more: Files = {}, writtenAt = now - hour): World {
  const old = kubeconfigFile('controller-manager', { modifiedAt: writtenAt });
  const client = dates && { ...made, notBefore: iso(dates.from), notAfter: iso(dates.until), subject: 'CN=system:kube-controller-manager' };
  return withFiles({ ...more, kubeconfigs: [client === undefined ? old : { ...old, client: certificate('m2', client) }] });
}
const authorityBegin = Date.parse(certificate('m2').notBefore);

test('a controller reads its kubeconfig once: a certificate made after it was started is not in use', () => {
  const old = withFiles({ kubeconfigs: [kubeconfigFile('controller-manager')] });
  expect(old.verdict(rule, 'm2/controller-manager.conf').status).toBe('pass');
  const world = rewritten({ from: now - hour - 300_000, until: now - hour + year });
  const verdict = asFail(world.verdict(rule, 'm2/controller-manager.conf'));
  expect(verdict).toMatchObject({
    severity: 'warning',
    reason: 'login',
    witness: 'agreed',
    facts: { component: 'kube-controller-manager' },
  });
  expect(fill(rule.title, verdict.facts)).toBe('kube-controller-manager on m2 still uses a certificate that was renewed in its file');
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict)[0]?.run[0]).toContain('kube-controller-manager.yaml');
  expect(world.missing('kube.control-plane-pods').verdict(rule, 'm2/controller-manager.conf').status).toBe('unknown');
});

test('a file that was written after the start is a note, and no cause: whether the certificate changed is not known', () => {
  const world = rewritten(undefined);
  const verdict = asFail(world.verdict(rule, 'm2/controller-manager.conf'));
  expect(verdict).toMatchObject({ severity: 'info', reason: 'written', witness: 'measured' });
  expect(fill(rule.title, verdict.facts)).toBe('kube-controller-manager on m2 was started before its file was last written');
  expect(shown(rule, verdict).join('\n')).toContain('whether the certificate in it changed is not known');
  expect(unfilled(rule, verdict)).toEqual([]);
  expect(fixesOf(rule, world, verdict).map(({ risk }) => risk)).toEqual(['none', 'medium']);
  expect(avoidOf(rule, world, verdict)).toEqual([]);
  expect(gateOf(rule, world, verdict, { ...verdict, rule: 'le-component-unhealthy' })).toEqual(['unknown']);
});

test.each<[string, number, number, Files, number, 'login' | 'written']>([
  ['begins when the file was written', now - hour, now + year, {}, now - hour, 'login'],
  ['begins after the start, in a file written again', now - 5 * hour, now + year, {}, now - hour, 'login'],
  ['begins five minutes before the file was written', now - hour - 300_000, now + year, {}, now - hour, 'login'],
  ['begins before the start', now - 30 * day, now + year, {}, now - hour, 'written'],
  ['begins with its authority and ends a year after the writing', authorityBegin, now - hour + year, {}, now - hour, 'login'],
  [
    'begins with its authority and ends a year after the start, in a file written again',
    authorityBegin,
    now - 2 * hour + year,
    {},
    now - hour,
    'login',
  ],
  [
    'begins with its authority and ends a year after a day before the start',
    authorityBegin,
    now - 9 * day + year,
    {},
    now - hour,
    'written',
  ],
  ['begins with its authority and lasts longer', authorityBegin, now + 9 * year, {}, now - hour, 'written'],
  [
    'begins with its authority, where leaves beside it last two years',
    authorityBegin,
    now - 2 * hour + year,
    { certificates: [file('apiserver', { notBefore: iso(now - 400 * day), notAfter: iso(now + 330 * day) })] },
    now - hour,
    'written',
  ],
])('what %s', (_what, from, until, more, writtenAt, reason) => {
  expect(asFail(rewritten({ from, until }, more, writtenAt).verdict(rule, 'm2/controller-manager.conf')).reason).toBe(reason);
});

test('what a process could have read at its start has surely ended once it runs for longer than any certificate lasts', () => {
  const renewedIn = (startedDaysAgo: number) => {
    const world = rewritten({ from: now - hour, until: now - hour + year }).set('kube.control-plane-pods', undefined, (old) => ({
      ...old,
      pods: old.pods.map((pod) => ({
        ...pod,
        containers: pod.containers.map((one) => ({ ...one, startedAt: now - startedDaysAgo * day })),
      })),
    }));
    const verdict = asFail(world.verdict(rule, 'm2/controller-manager.conf'));
    return gateOf(rule, world, verdict, { ...verdict, rule: 'le-component-unhealthy' });
  };
  expect(renewedIn(30)).toEqual(['unknown']);
  expect(renewedIn(370)).toEqual(['yes']);
});

test('without files it is unknown', () => {
  expect(healthyWorld().judge(rule)).toMatchObject([{ status: 'unknown' }]);
});
