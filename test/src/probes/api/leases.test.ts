// Are the leases that one API server shows read, with who stored them when, and refusals told from silence?
import { readdirSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import leases from '../../../../src/probes/api/leases.ts';
import kubeLeases from '../../../../src/probes/kube/leases.ts';
import nodeLeases from '../../../../src/probes/kube/node-leases.ts';
import { type Patient, refusedPort } from '../../sources/kit/patients.ts';
import { apiServer } from '../kit/api-server.ts';
import { masterAt, surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const recordings = fileURLToPath(new URL('../../../recordings/', import.meta.url));
const folder = temporaryFolder();
const patients: Patient[] = [];
let authority: Authority;

function recorded(name: string, id: string): string {
  return readFileSync(`${recordings}${name}/ha-doctor/raw/${id}/cluster`, 'utf8');
}

beforeAll(() => {
  authority = new Authority(folder.path, { from: Date.now() - 86_400_000 });
});
afterAll(async () => {
  await Promise.all(patients.map((one) => one.close()));
  folder.remove();
});

async function serve(status: number, body: string): Promise<number> {
  const server = await apiServer(
    authority.issue(),
    (_path, hasLogin) => (hasLogin ? { status, body } : { status: 401, body: '{}' }),
    authority,
  );
  patients.push(server);
  return server.port;
}

async function look(port: number) {
  const master = masterAt('127.0.0.1', port);
  const client = authority.issue();
  const api = { server: `https://127.0.0.1:${port}`, authority: authority.own, client };
  return leases.gather(master.subject, await surroundings({ topology: { masters: [master] }, api }));
}

test('a real list, asked with the login at the server’s own address', async () => {
  const raw = JSON.parse(recorded('S00-kubeconfig', 'kube.leases')) as { tries: { answer: { body: string } }[] };
  const gathered = await look(await serve(200, raw.tries[0]?.answer.body ?? ''));
  expect(gathered.source).toBe('direct');
  const read = leases.read(gathered.raw);
  expect(read.leases.map((one) => one.name)).toContain('kube-scheduler');
  expect(read.leases.every((one) => /^[0-9a-f-]{36}$/.test(one.uid ?? ''))).toBe(true);
  expect(read.clock?.serverTime).toBeGreaterThan(0);
});

test('a refusal is ours, silence is the server’s', async () => {
  const refused = await serve(403, '{"kind":"Status","message":"leases is forbidden"}');
  await expect(look(refused)).rejects.toMatchObject({ gap: { gap: 'denied' } });
  const port = await refusedPort();
  await expect(look(port)).rejects.toMatchObject({ gap: { gap: 'failed', through: `apiserver/127.0.0.1:${port}` } });
});

describe('what real API servers wrote about when they stored a renewal', () => {
  const healthy = readdirSync(recordings).filter((name) => /^S(00|38)-/.test(name));

  test.each(healthy)('%s: within a second of what the holder wrote, for every lease', (name) => {
    const all = [...kubeLeases.read(recorded(name, 'kube.leases')).leases, ...nodeLeases.read(recorded(name, 'kube.node-leases')).leases];
    expect(all.length).toBeGreaterThanOrEqual(9);
    for (const { name: lease, renewedAt = 0, storedAt = 0 } of all) {
      expect(storedAt - renewedAt, lease).toBeGreaterThan(-1000);
      expect(storedAt - renewedAt, lease).toBeLessThan(1000);
    }
  });
});
