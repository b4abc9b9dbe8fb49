// Does every probe answer bytes it cannot understand with one sentence, and never with a value or a crash?
import { describe, expect, test } from 'vitest';
import type { EvidenceId } from '../../../src/model/evidence.ts';
import clock from '../../../src/probes/etcd/clock.ts';
import health from '../../../src/probes/etcd/health.ts';
import members from '../../../src/probes/etcd/members.ts';
import metrics from '../../../src/probes/etcd/metrics.ts';
import read from '../../../src/probes/etcd/read.ts';
import status from '../../../src/probes/etcd/status.ts';
import { probes } from '../../../src/probes/index.ts';
import nodes from '../../../src/probes/kube/nodes.ts';
import kubeadmConfig from '../../../src/probes/kube/kubeadm-config.ts';
import ready from '../../../src/probes/api/ready.ts';
import { evidenceSubjects } from '../../../src/model/evidence.ts';
import { answerOf, failureTry, rawOf } from './kit/around.ts';

/** The message of what is thrown; fails the test when nothing is. */
function sentenceOf(run: () => unknown): string {
  let value: unknown;
  try {
    value = run();
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    expect((error as Error).constructor).toBe(Error);
    return (error as Error).message;
  }
  throw new Error(`a value came out: ${JSON.stringify(value)?.slice(0, 200)}`);
}

const html = '<html><body>\u001b[31mWelcome\u001b[0m\u0007 to the hotel wifi</body></html>';
const broken = [
  '',
  'null',
  '[]',
  '{}',
  '{"tries":',
  html,
  '{"tries":[]}',
  '{"tries":[{}]}',
  '{"tries":"x"}',
  '1e999',
  '{"tries":[{"address":1}]}',
  '\u0000',
];

test('there is one probe for each piece of evidence', () => {
  expect(probes.map((probe) => probe.id).sort()).toEqual((Object.keys(evidenceSubjects) as EvidenceId[]).sort());
});

describe.each(probes.map((probe) => [probe.id, probe] as const))('%s', (_id, probe) => {
  test.each(broken)('%j', (raw) => {
    const sentence = sentenceOf(() => probe.read(raw));
    expect(sentence).not.toMatch(/\p{Cc}/u);
    expect(sentence.length).toBeGreaterThan(15);
    expect(sentence.length).toBeLessThan(300);
  });
});

/** Answers of 200 that are not what they should be. */
const wrongBodies = [
  '',
  html,
  '{',
  '[]',
  'null',
  '{"kind":"Status","status":"Failure"}',
  '{"kind":"XList","items":[{"metadata":{"name":7}}]}',
  '{"kind":"XList"}',
  `${'['.repeat(5000)}`,
];
const readers = probes.filter((probe) => /^(kube|api\.version|etcd\.(status|members|health|metrics|clock))/.test(probe.id));

describe.each(readers.map((probe) => [probe.id, probe] as const))('%s from a stranger', (_id, probe) => {
  test.each(wrongBodies)('200 with %j', (body) => {
    expect(sentenceOf(() => probe.read(rawOf(answerOf(body))))).not.toMatch(/\p{Cc}/u);
  });
});

describe('etcd', () => {
  const header = '"header":{"cluster_id":"18446744073709551615","member_id":"9007199254740993","revision":"5","raft_term":"2"}';

  test('ids beyond 2^53 are exact, whether text or number', () => {
    const text = status.read(rawOf(answerOf(`{${header},"version":"3.5.1","leader":"9007199254740993"}`)));
    expect(text).toMatchObject({ clusterId: 'ffffffffffffffff', memberId: '20000000000001', leaderId: '20000000000001', dbSize: 0 });
    const byPeer = members.read(
      JSON.stringify({
        tries: [failureTry('hung')],
        peer: answerOf('[{"id":18446744073709551615,"peerURLs":["https://a:2380"]}]', 200, { 'x-etcd-cluster-id': 'E9C3' }),
      }),
    );
    expect(byPeer).toEqual({
      kind: 'answered',
      clusterId: 'e9c3',
      members: [{ id: 'ffffffffffffffff', name: '', peerUrls: ['https://a:2380'], clientUrls: [], learner: false }],
    });
  });

  test.each(['"-1"', '1.5', '"1e9"', '184467440737095516150000', '"99999999999999999999999"', 'true', '[1]'])(
    'a revision of %s is refused',
    (value) => {
      const body = `{"header":{"cluster_id":"1","member_id":"1","revision":${value}}}`;
      expect(sentenceOf(() => status.read(rawOf(answerOf(body))))).toContain('header.revision');
    },
  );

  test('a size no disk has is refused', () => {
    expect(sentenceOf(() => status.read(rawOf(answerOf(`{${header},"dbSize":"9999999999999999999"}`))))).toContain('makes no sense');
  });

  test('alarms and missing leaders come through, without escapes', () => {
    const body = `{${header},"errors":["etcdserver: no leader","memberID:1 alarm:NOSPACE \\u001b[31m"]}`;
    const seen = status.read(rawOf(answerOf(body)));
    expect(seen).toMatchObject({ errors: ['etcdserver: no leader', 'memberID:1 alarm:NOSPACE '] });
    expect(seen).not.toHaveProperty('leaderId');
  });

  test('a gateway that is cut off from its own server is a failure with its words', () => {
    const cut = answerOf('{"error":"connection error: desc = \\"transport: authentication handshake failed\\"","code":14}', 503);
    expect(status.read(rawOf(cut))).toEqual({
      kind: 'failed',
      why: 'protocol',
      detail: 'answered 503: connection error: desc = "transport: authentication handshake failed"',
    });
    const grpcHeaders = { 'grpc-status': '14', 'grpc-message': 'etcdserver:%20no%20leader' };
    expect(read.read(JSON.stringify({ tries: [cut], grpc: answerOf('', 200, grpcHeaders) }))).toEqual({
      kind: 'refused',
      error: 'etcdserver: no leader',
    });
    const broken = { ...answerOf('', 200, { 'grpc-status': '0' }), bytes: Buffer.from([0x0a, 0xff]).toString('base64') };
    expect(sentenceOf(() => status.read(JSON.stringify({ tries: [cut], grpc: broken })))).toContain('cut short');
  });

  test('health keeps etcd’s reason; other answers are no health', () => {
    expect(health.read(rawOf(answerOf('{"health":"false","reason":"RAFT NO LEADER"}', 503)))).toEqual({
      kind: 'unhealthy',
      reason: 'RAFT NO LEADER',
    });
    expect(health.read(rawOf(answerOf('{"health":"false"}', 503)))).toEqual({ kind: 'unhealthy', reason: '' });
    expect(health.read(rawOf(answerOf('nope', 404)))).toMatchObject({ kind: 'failed', why: 'protocol', detail: 'answered 404: nope' });
    expect(health.read(rawOf(failureTry('refused')))).toEqual({ kind: 'failed', why: 'refused', detail: 'the reason' });
  });

  test('counters of something else are not taken for a member’s', () => {
    expect(sentenceOf(() => metrics.read(rawOf(answerOf('up 1\n'))))).toContain('etcd_server_has_leader');
    expect(metrics.read(rawOf(answerOf('etcd_server_has_leader 0\netcd_server_quota_backend_bytes 1e999\n')))).toMatchObject({
      hasLeader: false,
    });
  });

  test('the clock falls back to the Date header, and says how coarse that is', () => {
    const date = { date: 'Sat, 21 Nov 2026 09:06:01 GMT' };
    expect(clock.read(rawOf(failureTry('refused'), answerOf('{}', 200, date)))).toEqual({
      sentAt: 1000,
      receivedAt: 1010,
      serverTime: Date.UTC(2026, 10, 21, 9, 6, 1),
      resolutionMs: 1000,
    });
    expect(sentenceOf(() => clock.read(rawOf(answerOf('{"OK":true,"Now":"whenever it pleases"}'))))).toContain('told the time');
    expect(sentenceOf(() => clock.read(rawOf(answerOf('{}', 200, { date: 'soon' }))))).toContain('told the time');
  });
});

describe('Kubernetes', () => {
  const list = (item: unknown) => rawOf(answerOf(JSON.stringify({ kind: 'NodeList', items: [item] })));

  test('a node without conditions is absent, not ready; one the API does not define is unknown', () => {
    expect(nodes.read(list({ metadata: { name: 'm1' } })).nodes[0]).toMatchObject({ ready: 'absent', controlPlane: false });
    const odd = {
      metadata: { name: 'm1', labels: { 'node-role.kubernetes.io/master': '' } },
      status: { conditions: [{ type: 'Ready', status: 'Perhaps' }] },
    };
    expect(nodes.read(list(odd)).nodes[0]).toMatchObject({ ready: 'Unknown', controlPlane: true });
  });

  test('addresses of a node are told apart by what they are', () => {
    const addresses = [
      { type: 'InternalIP', address: '10.0.0.1' },
      { type: 'InternalIP', address: 'fd00::1' },
      { type: 'ExternalIP', address: '203.0.113.1' },
      { type: 'Hostname', address: 'm1' },
      { type: 'ExternalDNS', address: 'm1.example.com' },
      { type: 'Other', address: 'x' },
    ];
    expect(nodes.read(list({ metadata: { name: 'm1' }, status: { addresses } })).nodes[0]).toMatchObject({
      internalAddresses: ['10.0.0.1', 'fd00::1'],
      externalAddresses: ['203.0.113.1'],
      hostNames: ['m1', 'm1.example.com'],
    });
  });

  test('names with escapes arrive without them, times that are none are refused', () => {
    expect(nodes.read(list({ metadata: { name: 'm1\u001b[2J' } })).nodes[0]?.name).toBe('m1');
    const bad = { metadata: { name: 'm1' }, status: { conditions: [{ type: 'Ready', status: 'True', lastTransitionTime: 'long ago' }] } };
    expect(sentenceOf(() => nodes.read(list(bad)))).toContain('is no time');
  });

  test('an empty list is Go’s null', () => {
    expect(nodes.read(rawOf(answerOf('{"kind":"NodeList","items":null}')))).toEqual({ nodes: [] });
  });

  test('a bomb of YAML aliases is refused', () => {
    const bomb = [
      'a: &a [x,x,x,x,x,x,x,x,x]',
      ...'bcdefghi'.split('').map((name, index) => `${name}: &${name} [${Array(9).fill(`*${'abcdefgh'[index]}`).join(',')}]`),
    ].join('\n');
    const map = JSON.stringify({ data: { ClusterConfiguration: bomb } });
    expect(sentenceOf(() => kubeadmConfig.read(rawOf(answerOf(map))))).toContain('holds no YAML');
  });

  test('a captive portal is no answer of an API server, its certificate is not judged and its body harmless', () => {
    const raw = JSON.stringify({ tries: [{ ...answerOf(html), chain: ['AAAA', '!!'] }], anchors: ['garbage'], names: ['x'] });
    const [one] = ready.read(raw).tries;
    expect(one).toMatchObject({ outcome: { kind: 'failed', why: 'protocol' }, chain: [], trust: { kind: 'not-judged' } });
    expect(JSON.stringify(one)).not.toContain('\\u001b');
  });
});
