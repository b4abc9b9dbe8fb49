import { expect, test } from 'vitest';
import type { EvidenceId, EvidenceTypes } from '../../../src/model/evidence.ts';
import { subjectKey } from '../../../src/model/subject.ts';
import { type CollectOptions, Collector } from '../../../src/pipeline/collect.ts';
import { defineProbe, type Gathered, type Probe } from '../../../src/probes/probe.ts';
import { GapError, type Source } from '../../../src/sources/source.ts';

const everything = () => true;
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));
const never = () => new Promise<Gathered>(() => undefined);

const settings = { masters: [], portForward: 'forbidden', exec: 'forbidden', lbConnections: 3, deep: false } as const;

/** The collector itself only tells its source of new ways; the probes below bring their own bytes. */
function sourceNoting(ways: string[]): Source {
  return { addWay: (host: string, port: number) => ways.push(`${host}:${port}`) } as Partial<Source> as Source;
}

/** A probe whose bytes are the JSON of a value. */
function probe<Id extends EvidenceId>(id: Id, value: unknown, change: Partial<Probe<Id>> = {}): Probe {
  const gather = async () => ({ raw: JSON.stringify(value), source: 'test' });
  const base = {
    id,
    title: id,
    why: '',
    reads: [],
    after: [],
    timeoutMs: 5000,
    gather,
    read: (raw: string) => JSON.parse(raw) as EvidenceTypes[Id],
  };
  return defineProbe<Id>({ ...base, ...change }) as unknown as Probe;
}

function collectorOf(probes: readonly Probe[], change: Partial<CollectOptions> = {}): Collector {
  const signal = new AbortController().signal;
  return new Collector({ probes, source: sourceNoting([]), settings, given: {}, signal, redact: (raw) => raw, ...change });
}

async function gathered(probes: readonly Probe[], change: Partial<CollectOptions> = {}) {
  const collector = collectorOf(probes, change);
  await collector.pass(0, everything);
  return collector.collected;
}

const version = { gitVersion: 'v1.34.4' };
const endpoints = { addresses: ['10.0.0.1:6443', '10.0.0.2:6443'] };

test('a value is kept with its source, its raw bytes and the time it took', async () => {
  const { evidence, raws, timings } = await gathered([probe('api.version', version)]);
  expect(evidence.items).toMatchObject([{ state: 'known', id: 'api.version', value: version, source: 'test', sample: 0 }]);
  expect(raws).toMatchObject([{ id: 'api.version', raw: JSON.stringify(version), sample: 0 }]);
  expect(timings['api.version']).toBeGreaterThanOrEqual(0);
});

test('a probe that hangs and ignores its signal ends at its own deadline, and holds up no other', async () => {
  const began = performance.now();
  const { evidence } = await gathered([
    probe('api.version', version, { timeoutMs: 150, gather: never }),
    probe('kube.endpoints', endpoints),
  ]);
  expect(performance.now() - began).toBeLessThan(2000);
  expect(evidence.items).toMatchObject([
    { state: 'known', id: 'kube.endpoints' },
    { state: 'missing', id: 'api.version', gap: 'timeout', detail: '"api.version" was not known within 0.15 s' },
  ]);
});

test('it ends at the end of the run too, and what would have come after it gets the same reason', async () => {
  const waiting = probe('kube.endpoints', endpoints, { after: ['api.version'], gather: never });
  const signal = AbortSignal.timeout(150);
  const began = performance.now();
  const { evidence } = await gathered([probe('api.version', version, { gather: never }), waiting], { signal });
  expect(performance.now() - began).toBeLessThan(2000);
  expect(evidence.items).toMatchObject([
    { id: 'api.version', gap: 'timeout', detail: 'the run ended before "api.version" was known', howToGet: '--timeout <longer>' },
    { id: 'kube.endpoints', gap: 'timeout', detail: 'the run ended before "kube.endpoints" was known' },
  ]);
});

test('the signal a probe is handed is aborted at its deadline', async () => {
  let seen: AbortSignal | undefined;
  const gather: Probe['gather'] = (_subject, { signal }) => {
    seen = signal;
    return never();
  };
  await gathered([probe('api.version', version, { timeoutMs: 100, gather })]);
  expect(seen?.aborted).toBe(true);
});

test('a probe starts as soon as what it waits for is settled, not when everything is', async () => {
  const order: string[] = [];
  const note = (id: string, milliseconds: number) => async () => {
    order.push(`${id} starts`);
    await pause(milliseconds);
    order.push(`${id} ends`);
    return { raw: '{}', source: 'test' };
  };
  await gathered([
    probe('kube.leases', {}, { after: ['api.version'], gather: note('second', 0) }),
    probe('api.version', {}, { gather: note('first', 30) }),
    probe('kube.nodes', { nodes: [] }, { gather: note('slow', 300), read: () => ({ nodes: [] }) }),
  ]);
  expect(order).toEqual(['first starts', 'slow starts', 'first ends', 'second starts', 'second ends', 'slow ends']);
});

test('settled means missing too; the one that waited sees the gap', async () => {
  const denied = { gap: 'denied', detail: 'not you', howToGet: 'ask', through: 'node/m1' } as const;
  let seen: unknown;
  const first = probe('api.version', version, { gather: () => Promise.reject(new GapError(denied)) });
  const second = probe('kube.endpoints', endpoints, {
    after: ['api.version'],
    gather: async (_subject, around) => {
      seen = [around.value('api.version'), around.gap('api.version')];
      return { raw: JSON.stringify(endpoints), source: 'test' };
    },
  });
  const { evidence } = await gathered([second, first]);
  expect(evidence.items[0]).toMatchObject({ state: 'missing', ...denied });
  expect(seen).toEqual([undefined, expect.objectContaining(denied)]);
});

test('subjects that appear later are probed, each once, and become ways to the API once', async () => {
  const ways: string[] = [];
  const later = probe('kube.control-plane-pods', { pods: [] }, { after: ['kube.endpoints'] });
  const { evidence } = await gathered([probe('api.ready', { tries: [] }), probe('kube.endpoints', endpoints), later], {
    source: sourceNoting(ways),
  });
  const ready = evidence.items.filter((item) => item.id === 'api.ready').map((item) => subjectKey(item.subject));
  expect(ready).toEqual(['apiserver/10.0.0.1:6443', 'apiserver/10.0.0.2:6443']);
  expect(ways).toEqual(endpoints.addresses);
});

test('afterEvery waits for all subjects, after for the same one', async () => {
  const settled: string[] = [];
  const note = async (where: string, milliseconds: number) => {
    await pause(milliseconds);
    settled.push(where);
    return { raw: '{"tries":[]}', source: 'test' };
  };
  await gathered([
    probe('kube.endpoints', endpoints),
    probe('api.ready', {}, { gather: (subject) => note(`ready ${subject.id}`, subject.id.startsWith('10.0.0.1') ? 20 : 200) }),
    probe('api.credential', {}, { after: ['api.ready'], gather: (subject) => note(`same ${subject.id}`, 0) }),
    probe('api.metrics', {}, { afterEvery: ['api.ready'], gather: (subject) => note(`every ${subject.id}`, 0) }),
  ]);
  expect(settled.slice(0, 3)).toEqual(['ready 10.0.0.1:6443', 'same 10.0.0.1:6443', 'ready 10.0.0.2:6443']);
  expect(settled.slice(3).sort()).toEqual(['every 10.0.0.1:6443', 'every 10.0.0.2:6443', 'same 10.0.0.2:6443']);
});

test('afterWithoutEtcd counts only as long as no etcd certificate was given', async () => {
  const slow = probe('api.version', version, { gather: () => pause(60).then(() => ({ raw: '{}', source: 'test' })) });
  const other = probe('kube.endpoints', endpoints, { afterWithoutEtcd: ['api.version'] });
  const ids = async (change: Partial<CollectOptions>) => (await gathered([slow, other], change)).evidence.items.map((item) => item.id);
  expect(await ids({})).toEqual(['api.version', 'kube.endpoints']);
  const endpointsAlone = { endpoints: ['10.0.0.1:2379'], from: 'flag' } as const;
  expect(await ids({ settings: { ...settings, etcd: endpointsAlone } })).toEqual(['api.version', 'kube.endpoints']);
  const withCertificate = { ...endpointsAlone, certificate: 'client.crt' };
  expect(await ids({ settings: { ...settings, etcd: withCertificate } })).toEqual(['kube.endpoints', 'api.version']);
});

test('bytes that cannot be read become a gap, and are kept to be looked at', async () => {
  const { evidence, raws } = await gathered([probe('api.version', 0, { gather: async () => ({ raw: '<html>', source: 'test' }) })]);
  expect(evidence.items).toMatchObject([{ state: 'missing', gap: 'failed', detail: expect.stringContaining('api.version: ') }]);
  expect(raws).toMatchObject([{ id: 'api.version', raw: '<html>' }]);
});

test('a probe with a defect costs its own evidence alone', async () => {
  const gather = (): never => {
    throw new TypeError('a defect');
  };
  const { evidence } = await gathered([probe('api.version', 0, { gather }), probe('kube.endpoints', endpoints)]);
  expect(evidence.items).toMatchObject([{ gap: 'failed', detail: 'api.version: a defect' }, { state: 'known' }]);
});

test('redaction comes before read and before the recording', async () => {
  const secret = probe('api.version', { gitVersion: 'hunter2' });
  const { evidence, raws } = await gathered([secret], { redact: (raw) => raw.replace('hunter2', 'hidden') });
  expect(evidence.items).toMatchObject([{ value: { gitVersion: 'hidden' } }]);
  expect(JSON.stringify([evidence, raws])).not.toContain('hunter2');
});

test('a second pass looks again, and only at what is wanted', async () => {
  const collector = collectorOf([probe('api.version', version), probe('kube.endpoints', endpoints)]);
  await collector.pass(0, everything);
  await collector.pass(1, (one) => one.id === 'api.version');
  expect(collector.collected.evidence.items.map((item) => `${item.id} ${item.sample}`)).toEqual([
    'api.version 0',
    'kube.endpoints 0',
    'api.version 1',
  ]);
});

test('what is left out says for each subject which flag would look at it', async () => {
  const counter = probe('api.metrics', {}, { again: 'only' });
  const collector = collectorOf([probe('kube.endpoints', endpoints), counter]);
  await collector.pass(0, (one) => one.again !== 'only');
  collector.leaveOut([counter], '--deep');
  const left = collector.collected.evidence.items.filter((item) => item.id === 'api.metrics');
  expect(left.map((item) => item.subject.id)).toEqual(endpoints.addresses);
  expect(left).toMatchObject([{ state: 'missing', gap: 'not-collected', howToGet: '--deep' }, { gap: 'not-collected' }]);
});

test('another address of a master is asked where the first one is silent, and then all else is asked there', async () => {
  const node = { name: 'm1', internalAddresses: ['10.0.0.1'], externalAddresses: ['203.0.113.1'], hostNames: ['m1'], controlPlane: true };
  const nodes = { nodes: [{ ...node, osImage: '', providerId: '', kubeletVersion: 'v1.34.4' }] };
  const asked = async (isAlive: (address: string) => boolean) => {
    const outcome = (address: string) =>
      isAlive(address) ? { kind: 'answered', status: 200, body: '' } : { kind: 'failed', why: 'timeout', detail: '' };
    const gather = async ({ id }: { readonly id: string }) => ({
      raw: JSON.stringify({
        tries: [{ address: id, connected: isAlive(id), chain: [], trust: { kind: 'not-judged' }, outcome: outcome(id) }],
      }),
      source: 'test',
    });
    const release = probe('api.release', version, { after: ['api.ready'] });
    const { evidence } = await gathered([probe('kube.nodes', nodes), probe('api.ready', {}, { gather }), release]);
    return evidence.items
      .filter((item) => item.id.startsWith('api.'))
      .map((item) => `${item.id} ${item.subject.id}`)
      .sort();
  };
  expect(await asked(() => true)).toEqual(['api.ready 10.0.0.1:6443', 'api.release 10.0.0.1:6443']);
  expect(await asked((address) => address.startsWith('203.'))).toEqual([
    'api.ready 10.0.0.1:6443',
    'api.ready 203.0.113.1:6443',
    'api.release 10.0.0.1:6443',
    'api.release 203.0.113.1:6443',
  ]);
});
