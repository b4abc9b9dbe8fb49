// Is a leader's annotation read where a flag says that it counts, and nothing else of the object, and nobody asked otherwise?
import { afterAll, beforeAll, expect, test } from 'vitest';
import { clusterSubject } from '../../../../src/model/subject.ts';
import locks from '../../../../src/probes/kube/old-locks.ts';
import type { Patient } from '../../sources/kit/patients.ts';
import { apiServer, type Said } from '../kit/api-server.ts';
import { surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
let authority: Authority;
let server: Patient;
const asked: string[] = [];

const record =
  '{"holderIdentity":"m1_0c1d","leaseDurationSeconds":15,"acquireTime":"2026-11-21T03:00:00Z","renewTime":"2026-11-21T03:12:44Z","leaderTransitions":3}';

function answer(path: string): Said {
  asked.push(path);
  const object = (name: string, annotations: object) =>
    JSON.stringify({ metadata: { namespace: 'kube-system', name, uid: 'u', annotations }, data: { other: 'NOT-OURS' } });
  const leader = { 'control-plane.alpha.kubernetes.io/leader': record, mine: 'NOT-OURS' };
  if (path.endsWith('/endpoints/kube-scheduler')) return { status: 200, body: object('kube-scheduler', leader) };
  if (path.endsWith('/configmaps/other')) return { status: 200, body: object('other', { mine: 'NOT-OURS' }) };
  if (path.endsWith('/configmaps/closed')) return { status: 403, body: '{"kind":"Status","message":"configmaps is forbidden"}' };
  if (path.endsWith('/configmaps/broken'))
    return { status: 200, body: object('broken', { 'control-plane.alpha.kubernetes.io/leader': 'no JSON' }) };
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

async function look(...pods: readonly (readonly [component: string, ...flags: readonly string[]])[]) {
  asked.length = 0;
  const api = { server: `https://127.0.0.1:${server.port}`, authority: authority.own, client: authority.issue() };
  const listed = pods.map(([component, ...flags]) => ({ component, containers: [{ command: [component, ...flags] }] }));
  const { raw } = await locks.gather(clusterSubject, await surroundings({ api, values: { 'kube.control-plane-pods': { pods: listed } } }));
  return { raw, seen: locks.read(raw) };
}
const lock = (kind: string) => `--leader-elect-resource-lock=${kind}`;

test('who leads, for how long, since when; once for all instances, and nothing else of the object', async () => {
  const { raw, seen } = await look(['kube-scheduler', lock('endpoints')], ['kube-scheduler', lock('endpoints')]);
  expect(asked).toEqual(['/api/v1/namespaces/kube-system/endpoints/kube-scheduler']);
  expect(raw).not.toContain('NOT-OURS');
  expect(seen.leases).toMatchObject([
    {
      namespace: 'kube-system',
      name: 'kube-scheduler',
      holder: 'm1_0c1d',
      durationSeconds: 15,
      transitions: 3,
      renewedAt: Date.UTC(2026, 10, 21, 3, 12, 44),
    },
  ]);
  expect(seen.clock).toBeDefined();
});

test('without such a flag, and of another namespace, nobody is asked', async () => {
  const { seen } = await look(
    ['kube-scheduler', lock('leases')],
    ['kube-controller-manager'],
    ['x', lock('endpoints'), '--leader-elect-resource-namespace=mine'],
  );
  expect([asked, seen.leases, seen.absent]).toEqual([[], [], []]);
});

test('one that is not there, or bears no leader, is absent; one that may not be read is a gap; one that cannot be read ends in a sentence', async () => {
  const named = (name: string) => ['kube-controller-manager', lock('configmapsleases'), `--leader-elect-resource-name=${name}`] as const;
  expect((await look(named('other'))).seen.absent).toEqual(['kube-system/other']);
  expect((await look(named('none'))).seen).toMatchObject({ leases: [], absent: ['kube-system/none'] });
  await expect(look(named('closed'))).rejects.toMatchObject({ gap: { gap: 'denied' } });
  await expect(look(named('broken'))).rejects.toThrow(/annotation/);
});
