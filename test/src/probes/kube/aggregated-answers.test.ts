// Is what the API answers for each aggregated API kept, and of a good answer only that it came?
import { afterAll, expect, test } from 'vitest';
import { clusterSubject } from '../../../../src/model/subject.ts';
import answers from '../../../../src/probes/kube/aggregated-answers.ts';
import type { Patient } from '../../sources/kit/patients.ts';
import { apiServer, type Said } from '../kit/api-server.ts';
import { masterAt, surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
const patients: Patient[] = [];
const authority = new Authority(folder.path);
afterAll(async () => {
  await Promise.all(patients.map((one) => one.close()));
  folder.remove();
});

const refused = 'error trying to reach service: tls: failed to verify certificate: x509: certificate signed by unknown authority';

async function around(names: readonly string[] | undefined) {
  const answer = (path: string): Said =>
    path.startsWith('/apis/good.io/') ? { status: 200, body: '{"kind":"APIResourceList"}' } : { status: 503, body: `${refused}\n` };
  const server = await apiServer(authority.issue(), answer);
  patients.push(server);
  const api = { server: `https://127.0.0.1:${server.port}`, authority: authority.own, client: authority.issue() };
  const service = { namespace: 'x', name: 'api' };
  const services = [...(names ?? []).map((name) => ({ name, service })), { name: 'v1.apps' }];
  const values = names === undefined ? {} : { 'kube.api-services': { services } };
  return surroundings({ api, values, topology: { masters: [masterAt('127.0.0.1', server.port)] } });
}

test('one that answers, and one that API servers do not trust, by their own words', async () => {
  const { raw } = await answers.gather(clusterSubject, await around(['v1beta1.good.io', 'v1.bad.io']));
  expect(raw).not.toContain('APIResourceList');
  expect(answers.read(raw).answers).toEqual([
    { name: 'v1beta1.good.io', status: 200, message: '' },
    { name: 'v1.bad.io', status: 503, message: refused },
  ]);
});

test('what the API server serves itself is not asked; without the list of them it is a gap', async () => {
  expect(answers.read((await answers.gather(clusterSubject, await around([]))).raw).answers).toEqual([]);
  await expect(answers.gather(clusterSubject, await around(undefined))).rejects.toMatchObject({ gap: { gap: 'absent' } });
});

test('bytes of another shape are refused in one sentence', () => {
  expect(() => answers.read('{"answers":[{"name":"x"}]}')).toThrow(/the recorded answer/);
});
