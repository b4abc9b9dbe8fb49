// Does every kind of secret go, and does everything else stay?
import { createHmac, createSign, generateKeyPairSync, randomBytes } from 'node:crypto';
import { describe, expect, test } from 'vitest';
import { createRedactor, redact } from '../../../src/bundle/redact.ts';

const key = Buffer.from('a key of the test');
const hidden = (secret: string): string => `redacted:${createHmac('sha256', key).update(secret).digest('hex').slice(0, 12)}`;

const pair = generateKeyPairSync('ec', {
  namedCurve: 'P-256',
  privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const rsa = generateKeyPairSync('rsa', {
  modulusLength: 2048,
  privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  publicKeyEncoding: { type: 'spki', format: 'pem' },
});
const head = Buffer.from('{"alg":"ES256","kid":"1"}').toString('base64url');
const body = Buffer.from('{"sub":"system:serviceaccount:kube-system:x","exp":1893456000}').toString('base64url');
const jwt = `${head}.${body}.${createSign('SHA256').update(`${head}.${body}`).sign({ key: pair.privateKey, dsaEncoding: 'ieee-p1363' }, 'base64url')}`;
const data = Buffer.from(rsa.privateKey).toString('base64');

/** Fragments as they lie in manifests, logs, files and answers; the second item must not survive. */
const leaks: readonly (readonly [string, string])[] = [
  [`    client-key-data: ${data}`, data],
  [`{"client-key-data":"${data}"}`, data],
  [`{"data":{"tls.key":"${data}","tls.crt":"LS0t"}}`, data],
  [Buffer.from(`x${rsa.privateKey}`).toString('base64'), Buffer.from(`x${rsa.privateKey}`).toString('base64').slice(60, 120)],
  [rsa.privateKey, rsa.privateKey.split('\n')[3] ?? ''],
  [JSON.stringify({ log: pair.privateKey }), pair.privateKey.split('\n')[1] ?? ''],
  [JSON.stringify(JSON.stringify({ log: rsa.privateKey })), rsa.privateKey.split('\n')[5] ?? ''],
  [rsa.privateKey.slice(0, 700), rsa.privateKey.slice(500, 560)],
  ['users:\n- name: a\n  user:\n    token: opaque-value-without-digits', 'opaque-value-without-digits'],
  [`I1121 Authorization: Bearer ${jwt}`, jwt],
  ['Authorization: Bearer s3cr3t-t0ken-of-a-webhook', 's3cr3t-t0ken-of-a-webhook'],
  ['"authorization":"Basic YWRtaW46aHVudGVyMg=="', 'YWRtaW46aHVudGVyMg=='],
  [`curl https://x/?token=${jwt}&a=1`, jwt],
  [`annotation: ${jwt}`, jwt],
  [Buffer.from(jwt).toString('base64'), Buffer.from(jwt).toString('base64').slice(20, 80)],
  ['kubeadm join 10.0.0.10:6443 --token abcdef.0123456789abcdef --discovery-token-ca-cert-hash sha256:aa', '0123456789abcdef'],
  ['a bootstrap token h8x2ka.p0q9w8e7r6t5y4u3 was made', 'p0q9w8e7r6t5y4u3'],
  ['kubeadm join x --certificate-key 9f0d6e5c4b3a29180716f5e4d3c2b1a0', '9f0d6e5c4b3a29180716f5e4d3c2b1a0'],
  ['["kubeadm","join","--certificate-key","9f0d6e5c4b3a29180716f5e4d3c2b1a0"]', '9f0d6e5c4b3a29180716f5e4d3c2b1a0'],
  ['- aescbc:\n    keys:\n    - name: key1\n      secret: c2VjcmV0IGlzIHNlY3VyZQ==', 'c2VjcmV0IGlzIHNlY3VyZQ=='],
  ['ETCD_ROOT_PASSWORD=hunter', 'hunter'],
  ['--etcd-password=hunter,x', 'hunter'],
  ['  auth_pass hunter22\n', 'hunter22'],
  ['stats auth admin:hunter', 'hunter'],
  ['aws_secret_access_key = abcdEFGH', 'abcdEFGH'],
  ['{"password": "my pass word"}', 'my pass word'],
  ['{"password": "quote\\"inside"}', 'inside'],
  [JSON.stringify({ body: JSON.stringify({ password: 'in "the" string' }) }), 'the'],
  ['{"apiKey":"xxyyzz"}', 'xxyyzz'],
  [JSON.stringify({ env: [{ name: 'DB_PASS', value: 'hunter' }] }), 'hunter'],
  [JSON.stringify({ env: [{ name: 'JWT_SECRET', value: 'hunter' }] }, null, 2), 'hunter'],
  [JSON.stringify({ a: JSON.stringify({ env: [{ name: 'API_ENCRYPTION_KEY', value: 'hunter' }] }) }), 'hunter'],
  [JSON.stringify({ env: [{ value: 'hunter', name: 'DB_PASSWORD' }] }), 'hunter'],
  ['        env:\n        - name: DB_PASSWORD\n          value: hunter\n', 'hunter'],
  ['https://root:hunter@10.0.0.1:2379/x', 'hunter'],
  ['https://user:hun/ter@host/db', 'hun/ter'],
  ['postgres://user:hunter@db:5432/x?sslmode=off', 'hunter'],
  ['root:hunter@tcp(10.0.0.2:3306)/kine', 'hunter'],
  ['"set-cookie":"session=abc; Path=/"', 'session=abc'],
];

describe('secrets go', () => {
  test.each(leaks)('from %j', (text, secret) => {
    const clean = redact(text, key);
    expect(text).toContain(secret);
    expect(clean).not.toContain(secret);
    expect(clean).toMatch(/redacted:[0-9a-f]{12}/);
    expect(redact(clean, key)).toBe(clean);
  });

  test.each(leaks.filter(([text]) => /^[[{"]/.test(text) && isJson(text)))('and %j stays well-formed JSON', (text) => {
    expect(() => JSON.parse(redact(text, key))).not.toThrow();
  });

  test('and equal secrets stay equal, whatever they are wrapped in, only within a run', () => {
    expect(redact('token: abc123 password: abc123', key)).toBe(`token: ${hidden('abc123')} password: ${hidden('abc123')}`);
    const plain = redact(rsa.privateKey.trim(), key);
    expect(redact(JSON.stringify({ key: rsa.privateKey.trim() }), key)).toBe(JSON.stringify({ key: plain }));
    expect(createRedactor()('token: abc123')).not.toBe(createRedactor()('token: abc123'));
  });
});

/** What rules judge by must come through unchanged. */
const harmless: readonly string[] = [
  pair.publicKey,
  `serving-certificate: MIIDJTCCAg2gAwIBAgIIeyJhbGciOiJSUzI1NiIsImtpZCI6IjEifQ${'A'.repeat(200)}`,
  '{"command":["kube-apiserver","--enable-bootstrap-token-auth=true","--service-account-signing-key-file=/etc/kubernetes/pki/sa.key","--tls-private-key-file=/etc/kubernetes/pki/apiserver.key"]}',
  '{"volumes":[{"secret":{"secretName":"x"}},{"projected":{"sources":[{"serviceAccountToken":{"expirationSeconds":3607,"path":"token"}}]}}]}',
  '{"automountServiceAccountToken":false,"type":"kubernetes.io/service-account-token","resources":["secrets"],"kind":"Secret","name":"token"}',
  '{"imageID":"docker-pullable://registry.k8s.io:443/kube-apiserver@sha256:0123456789abcdef","x":"https://10.0.0.11:6443/path@x"}',
  '{"header":{"cluster_id":"14841639068965178418","member_id":"10276657743932975437","revision":"10"},"leader":"8e9e05c52164694d"}',
  'holderIdentity: m2_8e9e05c5-2164-694d-a1b2-0123456789ab',
  'etcd-1.rack05.datacenterwest12 master.productioncluster peer8e.example.com 10.89.0.11:6443',
  'serviceaccounts "x" not found; secret "y" not found; error getting token: connection refused',
  'nodes is forbidden: User "viewer" cannot list resource "nodes" in API group "" at the cluster scope',
  'Basic authentication is off; bearer authentication too',
  '[-]etcd failed: reason withheld\n[+]poststarthook/start-kube-apiserver-identity-lease-controller ok',
  '{"env":[{"name":"SECRET_NAME","value":"x"},{"name":"TOKEN_FILE","value":"/var/run/token"},{"name":"PASSWORD","valueFrom":{}}]}',
  'password: $(DB_PASSWORD)\ntoken: null\nkubeadm token: true',
];

describe('everything else stays', () => {
  test.each(harmless)('%j', (text) => {
    expect(redact(text, key)).toBe(text);
  });
});

describe('hostile text costs no time', () => {
  const size = 500_000;
  const hostile: readonly (readonly [string, string])[] = [
    ['starts of tokens', 'eyJ'.repeat(size / 3)],
    ['dots and words', 'a.'.repeat(size / 2)],
    ['names without values', 'password'.repeat(size / 8)],
    ['separators', 'token: '.repeat(size / 7)],
    ['backslashes', `"token":"${'\\'.repeat(size)}`],
    ['escaped quotes', `"token":"${'\\\\"'.repeat(size / 3)}`],
    ['addresses', '://a:'.repeat(size / 5)],
    ['begun keys', '-----BEGIN PRIVATE KEY-----'.repeat(size / 27)],
    ['one long line of base64', randomBytes(size).toString('base64')],
    ['flags', '--a-token '.repeat(size / 10)],
    ['names of variables', '"name":"A_TOKEN","value":'.repeat(size / 25)],
  ];

  test.each(hostile)('%s', (_name, text) => {
    const began = performance.now();
    redact(text, key);
    expect(performance.now() - began).toBeLessThan(2000);
  });
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
