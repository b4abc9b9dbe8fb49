// Are requests, tokens, webhooks, the front proxy and kubelets judged by what the API and the machines show?
import { describe, expect, test } from 'vitest';
import bundles from '../../../rules/certificates/cert-cabundle-bad.ts';
import requests from '../../../rules/certificates/cert-csr-stuck.ts';
import proxy from '../../../rules/certificates/cert-front-proxy-trust.ts';
import kubelet from '../../../rules/certificates/cert-kubelet.ts';
import tokens from '../../../rules/certificates/cert-sa-key-mismatch.ts';
import type { Bundle } from '../../../src/model/admission.ts';
import type { SigningRequest } from '../../../src/model/kubernetes.ts';
import { authorityFile, day, file, iso, keyFile, made, showsOn, withFiles } from '../../kit/certificates.ts';
import { authorityOf } from '../../kit/healthy.ts';
import { fixesOf, gateOf, unfilled } from '../../kit/texts.ts';
import { asFail, healthyWorld, now, type World } from '../../kit/world.ts';

describe('cert-csr-stuck', () => {
  const minute = 60_000;
  const asked = (change: Partial<SigningRequest>, ...more: readonly SigningRequest[]): World =>
    healthyWorld().set('kube.signing-requests', undefined, (old) => ({
      ...old,
      requests: [
        {
          name: 'csr-1',
          signer: 'kubernetes.io/kubelet-serving',
          requester: 'system:node:m2',
          state: 'pending',
          createdAt: now - 20 * minute,
          message: '',
          ...change,
        },
        ...more,
      ],
    }));

  test('no request, an issued one and a young one pass', () => {
    expect(healthyWorld().verdict(requests, 'cluster').status).toBe('pass');
    expect(asked({ state: 'issued' }).verdict(requests, 'cluster').status).toBe('pass');
    expect(asked({ createdAt: now - 5 * minute }).verdict(requests, 'm2').status).toBe('pass');
  });

  test.each<[string, Partial<SigningRequest>, string]>([
    ['pending for twenty minutes', {}, 'pending'],
    ['approved and not signed', { state: 'approved', decidedAt: now - 6 * minute }, 'unsigned'],
    ['denied', { state: 'denied', message: 'no' }, 'denied'],
    ['failed', { state: 'failed' }, 'failed'],
  ])('%s', (_name, change, reason) => {
    const world = asked(change);
    const verdict = asFail(world.verdict(requests, 'm2'));
    expect(verdict).toMatchObject({ severity: 'warning', reason });
    expect(verdict.subject.keys).toMatchObject({ node: 'm2' });
    expect(unfilled(requests, verdict)).toEqual([]);
    const commands = fixesOf(requests, world, verdict).flatMap((fix) => fix.run);
    expect(commands.includes('kubectl certificate approve csr-1')).toBe(reason === 'pending');
  });

  test('of several that wait the oldest tells since when; one granted later ends the wait', () => {
    const base = { signer: 'kubernetes.io/kubelet-serving', requester: 'system:node:m2', message: '' } as const;
    const again = { ...base, name: 'csr-2', state: 'pending', createdAt: now - minute } as const;
    expect(asFail(asked({}, again).verdict(requests, 'm2')).facts).toMatchObject({ request: 'csr-1' });
    expect(asked({}, { ...again, state: 'issued' }).verdict(requests, 'cluster').status).toBe('pass');
  });

  test('without the right to list them it is unknown', () => {
    expect(healthyWorld().missing('kube.signing-requests').judge(requests)).toMatchObject([{ status: 'unknown' }]);
  });
});

describe('cert-sa-key-mismatch', () => {
  const holds = (node: string, ...keys: readonly string[]) => healthyWorld().set('api.token-keys', node, { keys });

  test('equal everywhere passes', () => {
    for (const verdict of healthyWorld().judge(tokens)) expect(verdict.status).toBe('pass');
  });

  test('the master with another key is the odd one; old and new together are a note', () => {
    const world = holds('m3', 'key-9');
    const verdict = asFail(world.verdict(tokens, 'm3'));
    expect(verdict).toMatchObject({ severity: 'critical', reason: 'differs', facts: { others: 'm1, m2', own: 'key-9', theirs: 'key-1' } });
    expect(unfilled(tokens, verdict)).toEqual([]);
    expect(fixesOf(tokens, world, verdict)[1]?.run[1]).toContain('root@m1:/etc/kubernetes/pki/sa.key');
    expect(world.verdict(tokens, 'm1').status).toBe('pass');
    expect(asFail(holds('m3', 'key-1', 'key-9').verdict(tokens, 'm3'))).toMatchObject({ severity: 'info', reason: 'rotation' });
  });

  test('a machine that signs with a key the API servers do not hold', () => {
    const sa = [keyFile('sa'), keyFile('sa', { path: '/etc/kubernetes/pki/sa.pub', isPublic: true })];
    // base64url of 32 bytes 0xab, as kube-apiserver would name that key.
    const id = Buffer.from('ab'.repeat(32), 'hex').toString('base64url');
    const world = withFiles({ keys: sa });
    expect(asFail(world.verdict(tokens, 'm1'))).toMatchObject({ reason: 'signer', facts: { theirs: id } });
    for (const node of ['m1', 'm2', 'm3']) world.set('api.token-keys', node, { keys: [id] });
    for (const verdict of world.judge(tokens)) expect(verdict.status).toBe('pass');
  });

  test('a master nobody could ask is unknown', () => {
    expect(healthyWorld().missing('api.token-keys', 'm2').verdict(tokens, 'm2').status).toBe('unknown');
    expect(healthyWorld().missing('api.token-keys', 'm2').verdict(tokens, 'm1').status).toBe('unknown');
  });
});

describe('cert-cabundle-bad', () => {
  const bundle = (days: number): Bundle => ({ certificates: [{ ...authorityOf('kubernetes'), notAfter: iso(now + days * day) }] });
  const webhook = (given: Bundle | undefined, failClosed = true): World =>
    healthyWorld().set('kube.webhooks', undefined, {
      webhooks: [
        {
          kind: 'ValidatingWebhookConfiguration',
          configuration: 'policy',
          name: 'check.policy.io',
          failClosed,
          timeoutSeconds: 10,
          rules: [],
          namespaces: [],
          narrowed: false,
          ...(given && { bundle: given }),
        },
      ],
    });

  test('none, and one that lasts, pass', () => {
    expect(healthyWorld().verdict(bundles, 'cluster').status).toBe('pass');
    expect(webhook(undefined).verdict(bundles, 'cluster').status).toBe('pass');
    expect(webhook(bundle(300)).verdict(bundles, 'check.policy.io').status).toBe('pass');
  });

  test.each<[string, Bundle, boolean, string, string]>([
    ['ended, and must be asked', bundle(-1), true, 'expired', 'critical'],
    ['ended, and may fail', bundle(-1), false, 'expired', 'warning'],
    ['about to end', bundle(10), true, 'expiring', 'warning'],
    ['no certificate', { certificates: [], broken: 'the bytes are not a certificate' }, true, 'broken', 'critical'],
  ])('%s', (_name, given, failClosed, reason, severity) => {
    const world = webhook(given, failClosed);
    const verdict = asFail(world.verdict(bundles, 'check.policy.io'));
    expect(verdict).toMatchObject({ reason, severity });
    expect(unfilled(bundles, verdict)).toEqual([]);
    expect(fixesOf(bundles, world, verdict)).toHaveLength(1);
  });

  test('an old authority beside a new one is a rotation', () => {
    const both = { certificates: [...bundle(-1).certificates, ...bundle(300).certificates] };
    expect(webhook(both).verdict(bundles, 'check.policy.io').status).toBe('pass');
  });

  test('an aggregated API that is refused for it is its effect, by the same object', () => {
    const world = healthyWorld().set('kube.api-services', undefined, (old) => ({
      ...old,
      services: [
        { name: 'v1.x.io', service: { namespace: 'x', name: 'x' }, available: 'False', reason: '', message: '', bundle: bundle(-1) },
      ],
    }));
    const verdict = asFail(world.verdict(bundles, 'v1.x.io'));
    expect(verdict).toMatchObject({ severity: 'critical', subject: { keys: { object: 'APIService/v1.x.io' } } });
    expect(gateOf(bundles, world, verdict, { ...verdict, rule: 'api-aggregated-unavailable' })).toEqual(['yes']);
  });

  test('a conversion webhook counts, and a list nobody could read is unknown', () => {
    const world = healthyWorld().set('kube.conversions', undefined, { conversions: [{ name: 'things.x.io', bundle: bundle(-1) }] });
    expect(asFail(world.verdict(bundles, 'things.x.io')).severity).toBe('critical');
    expect(healthyWorld().missing('kube.conversions').verdict(bundles, 'cluster').status).toBe('unknown');
  });
});

describe('cert-front-proxy-trust', () => {
  const published = authorityOf('front-proxy-ca');
  const client = (signedBy: readonly string[], subject = 'CN=front-proxy-client'): World =>
    withFiles({ certificates: [authorityFile('front-proxy-ca', 'x'), file('front-proxy-client', { subject }, { signedBy })] });

  test('signed by the published authority, under a name it may bear: passes', () => {
    expect(client([published.sha256]).verdict(proxy, 'front proxy').status).toBe('pass');
  });

  test('another authority, or another name: a warning, critical while an aggregated API fails', () => {
    const world = client(['f'.repeat(64)]);
    const verdict = asFail(world.verdict(proxy, 'front proxy'));
    expect(verdict).toMatchObject({ severity: 'warning', reason: 'authority', facts: { node: 'm2' } });
    expect(unfilled(proxy, verdict)).toEqual([]);
    expect(fixesOf(proxy, world, verdict)[0]?.run).toContain('kubeadm init phase certs front-proxy-client --config /root/kubeadm.yaml');
    expect(asFail(client([published.sha256], 'CN=other').verdict(proxy, 'front proxy'))).toMatchObject({ reason: 'name' });
    world.set('kube.api-services', undefined, (old) => ({
      ...old,
      services: [{ name: 'v1beta1.metrics.k8s.io', service: { namespace: 'a', name: 'b' }, available: 'False', reason: '', message: '' }],
    }));
    expect(asFail(world.verdict(proxy, 'front proxy')).severity).toBe('critical');
  });

  test('without files, or without the published authority, it is unknown', () => {
    expect(healthyWorld().verdict(proxy, 'front proxy').status).toBe('unknown');
    expect(client([published.sha256]).missing('kube.trust').verdict(proxy, 'front proxy').status).toBe('unknown');
  });
});

describe('cert-kubelet', () => {
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

  test('a serving certificate for another machine, unless it made it itself', () => {
    const strange = { names: ['w9'], addresses: ['10.0.0.9'] };
    expect(asFail(showsOn('node.kubelet-port', 'm2', strange).verdict(kubelet, 'm2')).reason).toBe('names');
    expect(showsOn('node.kubelet-port', 'm2', { ...strange, issuer: 'CN=m2-ca@1' }).verdict(kubelet, 'm2').status).toBe('pass');
  });

  test('a kubelet nobody saw is unknown', () => {
    expect(healthyWorld().missing('node.kubelet-port', 'm2').verdict(kubelet, 'm2').status).toBe('unknown');
  });
});
