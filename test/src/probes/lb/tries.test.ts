// Are all masters behind a real load balancer seen, with as few connections as it takes?
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import tries from '../../../../src/probes/lb/tries.ts';
import type { Master } from '../../../../src/model/topology.ts';
import { type Patient, refusedPort } from '../../sources/kit/patients.ts';
import { apiServer } from '../kit/api-server.ts';
import { masterAt, surroundings } from '../kit/around.ts';
import { Authority, type Issued, temporaryFolder } from '../kit/authority.ts';
import { type Haproxy, haproxyMissing, startHaproxy } from '../kit/haproxy.ts';

const folder = temporaryFolder();
const stop: (() => Promise<void>)[] = [];
const leaves: Issued[] = [];
const patients: Patient[] = [];
let authority: Authority;
let even: Haproxy;
let lopsided: Haproxy;

beforeAll(async () => {
  if (haproxyMissing !== undefined) return;
  authority = new Authority(folder.path);
  for (let index = 0; index < 3; index++) {
    const own = authority.issue();
    const server = await apiServer(own, () => ({ status: 200, body: 'ok' }));
    leaves.push(own);
    patients.push(server);
    stop.push(() => server.close());
  }
  const lines = (weights: readonly number[]) =>
    patients.map((one, index) => `m${index + 1} 127.0.0.1:${one.port} weight ${weights[index]}`);
  even = await startHaproxy(lines([1, 1, 1]));
  lopsided = await startHaproxy(lines([100, 100, 1]));
  stop.push(
    () => even.stop(),
    () => lopsided.stop(),
  );
});
afterAll(async () => {
  await Promise.all(stop.map((one) => one()));
  folder.remove();
});

async function look(port: number, masters: readonly Master[] = [], values = {}, lbConnections = 12) {
  const api = { server: `https://127.0.0.1:${port}`, authority: authority.own };
  const around = await surroundings({ api, topology: { masters }, values, settings: { lbConnections } });
  const subject = around.topology.entry?.subject;
  if (subject === undefined) throw new Error('no entry');
  const seen = tries.read((await tries.gather(subject, around)).raw).tries;
  return { seen, leaves: new Set(seen.map((one) => one.chain[0]?.sha256)) };
}

/** What api.ready tells about each master: its leaf. */
async function knownLeaves() {
  const masters = patients.map((one) => masterAt('127.0.0.1', one.port));
  const values: Record<string, unknown> = {};
  for (const master of masters) {
    const { seen } = await look(master.port, [], {}, 1);
    values[`api.ready apiserver/${master.subject.id}`] = { tries: seen };
  }
  return { masters, values };
}

describe.skipIf(haproxyMissing !== undefined)(
  `through a real HAProxy${haproxyMissing === undefined ? '' : ` (NOT RUN: ${haproxyMissing})`}`,
  () => {
    test('four connections are enough when all known leaves were met', async () => {
      const { masters, values } = await knownLeaves();
      const found = await look(even.port, masters, values);
      expect(found.seen).toHaveLength(4);
      expect(found.leaves.size).toBe(3);
      expect(found.seen.every((one) => one.trust.kind === 'trusted')).toBe(true);
    });

    test('it goes on to twelve when one was not met, or nobody knows how many there are', async () => {
      const { masters, values } = await knownLeaves();
      expect((await look(lopsided.port, masters, values)).seen).toHaveLength(12);
      expect((await look(even.port)).seen).toHaveLength(12);
      expect((await look(even.port, [], {}, 3)).seen).toHaveLength(3);
    });

    test('a silent entry is asked a few times, not twelve', async () => {
      const { seen } = await look(await refusedPort());
      expect(seen).toHaveLength(6);
      expect(seen.every((one) => one.outcome.kind === 'failed' && one.outcome.why === 'refused')).toBe(true);
    });

    test('a name that does not exist says so', async () => {
      const around = await surroundings({
        api: { server: 'https://no-such-host.invalid:6443', authority: authority.own },
        settings: { lbConnections: 2 },
      });
      const subject = around.topology.entry?.subject;
      if (subject === undefined) throw new Error('no entry');
      const [first] = tries.read((await tries.gather(subject, around)).raw).tries;
      expect(first).toMatchObject({ outcome: { kind: 'failed', why: 'dns' }, connected: false, trust: { kind: 'not-judged' } });
    });
  },
);
