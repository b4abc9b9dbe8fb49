// Is the Kubernetes API asked page by page, and is every refusal a gap that says what to do?
import { readFileSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import controlPlanePods from '../../../../src/probes/kube/control-plane-pods.ts';
import kubeadmConfig from '../../../../src/probes/kube/kubeadm-config.ts';
import mayPortForward from '../../../../src/probes/kube/may-port-forward.ts';
import nodes from '../../../../src/probes/kube/nodes.ts';
import { clusterSubject } from '../../../../src/model/subject.ts';
import type { Patient } from '../../sources/kit/patients.ts';
import { apiServer, type Said } from '../kit/api-server.ts';
import { surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const folder = temporaryFolder();
const patients: Patient[] = [];
let authority: Authority;
beforeAll(() => {
  authority = new Authority(folder.path);
});
afterAll(async () => {
  await Promise.all(patients.map((one) => one.close()));
  folder.remove();
});

async function around(answer: (path: string) => Said, settings = {}) {
  const server = await apiServer(authority.issue(), answer);
  patients.push(server);
  return surroundings({ api: { server: `https://127.0.0.1:${server.port}`, authority: authority.own }, settings });
}

/** 1200 nodes, in pages as large as the client asks for. */
function pages(path: string): Said {
  const query = new URL(path, 'https://x').searchParams;
  const [from, limit] = [Number(query.get('continue') ?? 0), Number(query.get('limit'))];
  const items = Array.from({ length: Math.min(limit, 1200 - from) }, (_, index) => ({ metadata: { name: `n${from + index}` } }));
  const metadata = from + limit < 1200 ? { continue: String(from + limit) } : {};
  return { status: 200, body: JSON.stringify({ kind: 'NodeList', metadata, items }) };
}

describe('lists', () => {
  test('all pages make one list, with the clock of the first', async () => {
    const { raw, source } = await nodes.gather(clusterSubject, await around(pages));
    const seen = nodes.read(raw);
    expect(seen.nodes).toHaveLength(1200);
    expect(seen.nodes[1199]?.name).toBe('n1199');
    expect(source).toBe('through the LB');
    expect(Math.abs((seen.clock?.serverTime ?? 0) - Date.now())).toBeLessThan(5000);
  });

  test('a list that breaks off is a gap, not a short list', async () => {
    const breaking = (path: string): Said =>
      path.includes('continue=500') ? { status: 410, body: '{"message":"The provided continue parameter is too old"}' } : pages(path);
    const found = nodes.gather(clusterSubject, await around(breaking));
    await expect(found).rejects.toMatchObject({
      gap: { gap: 'failed', detail: expect.stringMatching(/page 2 \(the list is incomplete\).*too old/) },
    });
  });
});

describe('refusals', () => {
  test.each([
    [403, 'denied'],
    [401, 'denied'],
    [404, 'absent'],
    [500, 'failed'],
    [429, 'failed'],
  ])('%d is a gap: %s', async (status, gap) => {
    const where = await around(() => ({ status, body: '{"kind":"Status","message":"no\\u001b[31m way"}' }));
    const error: unknown = await kubeadmConfig.gather(clusterSubject, where).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ gap: { gap, howToGet: expect.stringContaining('kubectl ') } });
  });

  test('port-forwards that are switched off are not even asked for', async () => {
    const where = await around(() => ({ status: 500, body: 'asked all the same' }), { portForward: 'forbidden' });
    await expect(mayPortForward.gather(clusterSubject, where)).rejects.toMatchObject({
      gap: { gap: 'not-collected', howToGet: 'run it without --no-port-forward' },
    });
  });

  test('the review is asked for pods/portforward in kube-system', async () => {
    const recorded = readFileSync(new URL('../recordings/kube.may-port-forward.raw', import.meta.url), 'utf8');
    const bodies: readonly string[] = JSON.parse(recorded).reviews.map((review: string) => JSON.parse(review).tries[0].answer.body);
    for (const [index, verb] of ['get', 'create'].entries()) {
      expect(JSON.parse(bodies[index] ?? '')).toMatchObject({
        spec: { resourceAttributes: { namespace: 'kube-system', verb, resource: 'pods', subresource: 'portforward' } },
      });
    }
  });

  test('what may be secret in a pod is not kept', async () => {
    const pod = {
      metadata: { name: 'p', managedFields: [{ time: 'x' }] },
      spec: { containers: [{ name: 'c', env: [{ name: 'DB', value: 'hunter2' }] }] },
    };
    const where = await around(() => ({ status: 200, body: JSON.stringify({ kind: 'PodList', items: [pod] }) }));
    const { raw } = await controlPlanePods.gather(clusterSubject, where);
    expect(raw).not.toContain('hunter2');
    expect(raw).not.toContain('managedFields');
    expect(raw).toContain('containers');
  });

  test('only pods of the control plane are asked for', async () => {
    let asked = '';
    const where = await around((path) => {
      asked = path;
      return { status: 200, body: '{"kind":"PodList","items":[]}' };
    });
    expect(controlPlanePods.read((await controlPlanePods.gather(clusterSubject, where)).raw).pods).toEqual([]);
    expect(asked).toBe('/api/v1/namespaces/kube-system/pods?labelSelector=tier%3Dcontrol-plane&limit=500');
  });
});
