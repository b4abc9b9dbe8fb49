// Are leases that a user names read, told from those that are not there, and refusals from both?
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clusterSubject } from '../../../../src/model/subject.ts';
import named from '../../../../src/probes/kube/named-leases.ts';
import type { Patient } from '../../sources/kit/patients.ts';
import { apiServer, type Said } from '../kit/api-server.ts';
import { surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
let authority: Authority;
let server: Patient;
const asked: string[] = [];

const lease = {
  kind: 'Lease',
  metadata: { name: 'leader', namespace: 'ops', uid: 'a-uid', resourceVersion: '7', creationTimestamp: '2026-11-21T03:00:00Z' },
  spec: { holderIdentity: 'pod-1', leaseDurationSeconds: 15, renewTime: '2026-11-21T03:12:44.123456Z', leaseTransitions: 4 },
};

function answer(path: string): Said {
  asked.push(path);
  if (path.includes('/namespaces/secret/')) return { status: 403, body: '{"kind":"Status","message":"leases is forbidden"}' };
  if (path.endsWith('/leases/leader')) return { status: 200, body: JSON.stringify(lease) };
  return { status: 404, body: '{"kind":"Status","message":"not found"}' };
}

beforeAll(async () => {
  authority = new Authority(folder.path, { from: Date.now() - 86_400_000 });
  server = await apiServer(authority.issue(), answer, authority);
});
afterAll(async () => {
  await server.close();
  folder.remove();
});

async function look(...leases: readonly { readonly namespace: string; readonly name: string }[]) {
  const api = { server: `https://127.0.0.1:${server.port}`, authority: authority.own, client: authority.issue() };
  return named.gather(clusterSubject, await surroundings({ api, settings: { leases } }));
}

test('one that is there and one that is not', async () => {
  const found = named.read((await look({ namespace: 'ops', name: 'leader' }, { namespace: 'ops', name: 'gone' })).raw);
  expect(found.leases).toMatchObject([{ namespace: 'ops', name: 'leader', holder: 'pod-1', transitions: 4, uid: 'a-uid' }]);
  expect(found.absent).toEqual(['ops/gone']);
  expect(found.clock?.serverTime).toBeGreaterThan(0);
  expect(asked).toContain('/apis/coordination.k8s.io/v1/namespaces/ops/leases/leader');
});

test('a refusal is a gap, and so is nothing to ask for', async () => {
  await expect(look({ namespace: 'secret', name: 'leader' })).rejects.toMatchObject({ gap: { gap: 'denied' } });
  await expect(look()).rejects.toMatchObject({ gap: { gap: 'not-collected', howToGet: '--lease <namespace/name>' } });
});
