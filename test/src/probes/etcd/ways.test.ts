// Which way to a member is taken, and what is said when none is open?
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import clock from '../../../../src/probes/etcd/clock.ts';
import hash from '../../../../src/probes/etcd/hash.ts';
import health from '../../../../src/probes/etcd/health.ts';
import type { Source } from '../../../../src/sources/source.ts';
import { frozen, type Patient, refusedPort } from '../../sources/kit/patients.ts';
import { answerOf, memberAt, surroundings, type Wanted } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
let etcd: NonNullable<Wanted['etcd']>;
let ice: Patient;
let gone = 0;

beforeAll(async () => {
  const authority = new Authority(folder.path);
  etcd = { authority: authority.own, client: authority.issue({ subject: '/CN=client' }) };
  ice = await frozen();
  gone = await refusedPort();
});
afterAll(async () => {
  await ice.close();
  folder.remove();
});

const date = { date: 'Sat, 21 Nov 2026 09:06:01 GMT' };
const mayForward = { 'kube.may-port-forward': { allowed: true, reason: '' } };

/** Answers in the pod's place, and counts how often it was asked. */
function pod(asked: string[]): (source: Source) => Partial<Source> {
  return () => ({
    forwarded: (name, port, path) => {
      asked.push(`${name}:${port}${path}`);
      return Promise.resolve(answerOf('{"health":"false","reason":"RAFT NO LEADER"}', 503, date));
    },
  });
}

test('a clock tells when the first of its tries began, where that one got no answer', () => {
  const answer = { ...answerOf('', 200, date), sentAt: 1500, receivedAt: 1600 };
  const { answer: _none, ...silent } = { ...answer, sentAt: 100, receivedAt: 1100 };
  const hung = { ...silent, failure: { why: 'hung', detail: 'TLS got no answer' } };
  expect(clock.read(JSON.stringify({ tries: [hung, answer] }))).toMatchObject({ sentAt: 1500, receivedAt: 1600, firstSentAt: 100 });
  expect(clock.read(JSON.stringify({ tries: [answer] }))).not.toHaveProperty('firstSentAt');
});

describe('without a certificate', () => {
  const member = memberAt('127.0.0.1', 2379, 2380, 'etcd-m1');

  test('the pod’s metrics listener is asked through a port-forward', async () => {
    const asked: string[] = [];
    const around = await surroundings({ topology: { members: [member] }, values: mayForward, divert: pod(asked) });
    const { raw, source } = await health.gather(member.subject, around);
    expect(source).toBe('port-forward');
    expect(health.read(raw)).toEqual({ kind: 'unhealthy', reason: 'RAFT NO LEADER' });
    expect(clock.read((await clock.gather(member.subject, around)).raw)).toMatchObject({
      resolutionMs: 1000,
      serverTime: Date.UTC(2026, 10, 21, 9, 6, 1),
    });
    expect(asked).toEqual(['etcd-m1:2381/health', 'etcd-m1:2381/health']);
  });

  test('why the review is missing is passed on with who stood in the way', async () => {
    const silence = { gap: 'timeout' as const, detail: 'The API gave no answer.', howToGet: 'x', through: 'lb/10.0.0.10:8443' };
    const around = await surroundings({ topology: { members: [member] }, gaps: { 'kube.may-port-forward': silence } });
    await expect(health.gather(member.subject, around)).rejects.toMatchObject({
      gap: {
        gap: 'timeout',
        through: 'lb/10.0.0.10:8443',
        detail: expect.stringContaining('The API gave no answer.'),
        howToGet: expect.stringContaining('--etcd-cert'),
      },
    });
  });

  test('a member whose pod nobody knows, and a credential that may not', async () => {
    const nameless = memberAt('127.0.0.1', 2379, 2380);
    const known = await surroundings({ topology: { members: [nameless] }, values: mayForward });
    await expect(health.gather(nameless.subject, known)).rejects.toMatchObject({ gap: { gap: 'absent' } });
    const denied = await surroundings({
      topology: { members: [member] },
      values: { 'kube.may-port-forward': { allowed: false, reason: '' } },
    });
    await expect(health.gather(member.subject, denied)).rejects.toMatchObject({ gap: { gap: 'denied' } });
  });
});

describe('with a certificate', () => {
  test('a client port that hangs leads to the pod as well, one that refuses does not', async () => {
    const asked: string[] = [];
    const hanging = memberAt('127.0.0.1', ice.port, gone, 'etcd-m1');
    const dead = memberAt('127.0.0.1', gone, gone, 'etcd-m2');
    const around = await surroundings({ topology: { members: [hanging, dead] }, etcd, values: mayForward, divert: pod(asked) });
    const behind = await health.gather(hanging.subject, around);
    expect(behind.source).toBe('port-forward');
    expect(health.read(behind.raw)).toEqual({ kind: 'unhealthy', reason: 'RAFT NO LEADER' });
    expect(health.read((await health.gather(dead.subject, around)).raw)).toMatchObject({ kind: 'failed', why: 'refused' });
    expect(asked).toEqual(['etcd-m1:2381/health']);
  });

  test('a hanging port is known silence when no second way is open', async () => {
    const hung = await frozen();
    const hanging = memberAt('127.0.0.1', hung.port, gone, 'etcd-m1');
    const around = await surroundings({ topology: { members: [hanging] }, etcd });
    expect(health.read((await health.gather(hanging.subject, around)).raw)).toMatchObject({ kind: 'failed', why: 'hung' });
    await expect(clock.gather(hanging.subject, around)).rejects.toMatchObject({
      gap: { gap: 'failed', through: `member/${hanging.subject.id}` },
    });
    await hung.close();
  });

  test('a big database is hashed only when asked to, a silent member not at all', async () => {
    const member = memberAt('127.0.0.1', gone, gone);
    const status = { kind: 'answered', revision: '5', dbSize: 2 ** 31, dbSizeInUse: 2 ** 30 + 1 };
    const wanted = { topology: { members: [member] }, etcd, values: { 'etcd.status': status } };
    await expect(hash.gather(member.subject, await surroundings(wanted))).rejects.toMatchObject({
      gap: { gap: 'not-collected', howToGet: '--deep' },
    });
    const deep = await surroundings({ ...wanted, settings: { deep: true } });
    await expect(hash.gather(member.subject, deep)).rejects.toMatchObject({
      gap: { gap: 'failed', detail: expect.stringContaining('no hash at revision 5'.slice(1)) },
    });
    const silent = await surroundings({ ...wanted, values: { 'etcd.status': { kind: 'failed', why: 'refused', detail: '' } } });
    await expect(hash.gather(member.subject, silent)).rejects.toMatchObject({
      gap: { gap: 'failed', through: `member/${member.subject.id}` },
    });
  });
});
