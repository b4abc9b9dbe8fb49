// Are the right logs asked for, few and short, and is each refusal kept apart?
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { clusterSubject } from '../../../../src/model/subject.ts';
import type { ContainerSeen, ControlPlanePod } from '../../../../src/model/kubernetes.ts';
import here from '../../../../src/probes/here/container-logs.ts';
import logs from '../../../../src/probes/kube/container-logs.ts';
import { linesOf, linesOfFile, logBounds, logsWanted } from '../../../../src/probes/shared/container-logs.ts';
import type { Patient } from '../../sources/kit/patients.ts';
import { apiServer, type Said } from '../kit/api-server.ts';
import { masterAt, surroundings } from '../kit/around.ts';
import { Authority, temporaryFolder } from '../kit/authority.ts';

const now = Date.UTC(2026, 10, 21, 3, 12, 44);
const clock = { sentAt: now, receivedAt: now, serverTime: now };
const calm: ContainerSeen = { name: '', image: '', command: [], ready: true, restarts: 0, waitingReason: '', startedAt: now - 86_400_000 };

function pod(component: string, node: string, change: Partial<ContainerSeen> = {}): ControlPlanePod {
  const base = { name: `${component}-${node}`, component, node, hostAddress: '', phase: 'Running', ready: true, annotations: {} };
  return { ...base, containers: [{ ...calm, name: component, ...change }] };
}

describe('which logs', () => {
  const names = (pods: readonly ControlPlanePod[], unready: readonly string[] = []) =>
    logsWanted(pods, clock, new Set(unready)).map((one) => `${one.pod}${one.previous ? ' previous' : ''}`);

  test('none of a healthy control plane', () => {
    expect(names([pod('kube-apiserver', 'm1'), pod('etcd', 'm1')])).toEqual([]);
    expect(names([pod('etcd', 'm1', { lastFinishedAt: now - 900_000 })])).toEqual([]);
  });

  test('of what waits first, then of what ended lately: the instance before; of one that has just ended: itself', () => {
    const waiting = { waitingReason: 'CrashLoopBackOff', lastFinishedAt: now - 200_000 };
    const { startedAt: _none, ...ended } = calm;
    const gone: ControlPlanePod = {
      ...pod('kube-scheduler', 'm1'),
      containers: [{ ...ended, name: 'kube-scheduler', lastFinishedAt: now - 1000 }],
    };
    expect(names([pod('etcd', 'm2', { lastFinishedAt: now - 60_000 }), pod('kube-apiserver', 'm2', waiting), gone])).toEqual([
      'kube-apiserver-m2 previous',
      'etcd-m2 previous',
      'kube-scheduler-m1',
    ]);
  });

  test('beside an API server that is not ready: what runs or waits there now, whatever the API lists', () => {
    const pods = ['kube-apiserver', 'etcd', 'kube-scheduler'].map((component) => pod(component, 'm2'));
    expect(names(pods, ['m2'])).toEqual(['etcd-m2', 'kube-apiserver-m2']);
  });

  test('no more than a handful, and none of other pods', () => {
    const many = Array.from({ length: 30 }, (_, index) => pod('etcd', `n${index}`, { lastFinishedAt: now }));
    expect(names(many)).toHaveLength(logBounds.containers);
    expect(names([pod('coredns', 'm1', { lastFinishedAt: now })])).toEqual([]);
  });
});

test('lines carry their time, and lose what a terminal would obey', () => {
  expect(linesOf('2026-11-21T03:12:44.123456789Z hello \u001b[31mred\n\nbare\n')).toEqual([
    { at: Date.UTC(2026, 10, 21, 3, 12, 44, 123), text: 'hello red' },
    { text: 'bare' },
  ]);
  expect(linesOfFile('cut off stderr F x\n2026-11-21T03:12:44.5Z stderr F Error: no\n')).toEqual([
    { at: Date.UTC(2026, 10, 21, 3, 12, 44, 500), text: 'Error: no' },
  ]);
});

describe('through the API', () => {
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

  async function look(answer: (path: string) => Said, pods: readonly ControlPlanePod[]) {
    const server = await apiServer(authority.issue(), answer);
    patients.push(server);
    const api = { server: `https://127.0.0.1:${server.port}`, authority: authority.own };
    return surroundings({ api, values: { 'kube.control-plane-pods': { pods } }, topology: { masters: [masterAt('127.0.0.1', 1)] } });
  }

  const looping = (component: string) => pod(component, 'm2', { waitingReason: 'CrashLoopBackOff', lastFinishedAt: now });

  test('a short piece of the end, of the instance before, with times', async () => {
    const paths: string[] = [];
    const say = (path: string): Said => {
      paths.push(path);
      return { status: 200, body: '2026-11-21T03:12:44.5Z Error: unknown flag: --x\n' };
    };
    const { raw } = await logs.gather(clusterSubject, await look(say, [looping('kube-apiserver')]));
    expect(paths).toEqual([
      expect.stringMatching(
        /\/pods\/kube-apiserver-m2\/log\?container=kube-apiserver&previous=true&tailLines=60&limitBytes=49152&timestamps=true$/,
      ),
    ]);
    expect(logs.read(raw).logs).toEqual([
      {
        component: 'kube-apiserver',
        node: 'm2',
        pod: 'kube-apiserver-m2',
        previous: true,
        lines: [{ at: now + 500, text: 'Error: unknown flag: --x' }],
      },
    ]);
  });

  test('one that cannot be had does not hide the other; a credential that may read none is a gap', async () => {
    const half = (path: string): Said =>
      path.includes('etcd-m2')
        ? { status: 400, body: '{"message":"previous terminated container not found"}' }
        : { status: 200, body: 'x\n' };
    const { raw } = await logs.gather(clusterSubject, await look(half, [looping('etcd'), looping('kube-apiserver')]));
    expect(logs.read(raw).logs.map((log) => [log.pod, log.lines.length, log.refused ?? ''])).toEqual([
      ['etcd-m2', 0, expect.stringContaining('previous terminated container not found')],
      ['kube-apiserver-m2', 1, ''],
    ]);
    const denied = await look(() => ({ status: 403, body: '{"message":"pods/log is forbidden"}' }), [looping('etcd')]);
    await expect(logs.gather(clusterSubject, denied)).rejects.toMatchObject({
      gap: { gap: 'denied', howToGet: 'kubectl -n kube-system logs etcd-m2 --previous --tail=60' },
    });
  });

  test('where nothing ails nothing is asked, and that is known', async () => {
    const asked = await look(() => ({ status: 500, body: '' }), [pod('etcd', 'm1')]);
    expect(logs.read((await logs.gather(clusterSubject, asked)).raw)).toEqual({ logs: [] });
  });

  test('without a list of pods nobody knows whom to ask', async () => {
    await expect(logs.gather(clusterSubject, await surroundings({}))).rejects.toMatchObject({ gap: { gap: 'absent' } });
  });
});

describe('on a master', () => {
  const id = 'a'.repeat(64);
  const paths = [
    `/var/log/containers/kube-apiserver-m1_kube-system_kube-apiserver-${id}.log`,
    `/var/log/containers/coredns-x_kube-system_coredns-${id}.log`,
    `/var/log/containers/etcd-m1_default_etcd-${id}.log`,
  ];

  test('the ends of the control plane’s own logs and of no others', async () => {
    const asked: [string, number | undefined][] = [];
    const around = await surroundings({
      values: { 'here.files': { node: 'm1', certificates: [], manifests: [], unreadable: [] } },
      divert: () => ({
        folder: async () => paths,
        file: async (path, last) => {
          asked.push([path, last]);
          return '2026-11-21T03:12:44.5Z stderr F Error: no\n';
        },
      }),
    });
    const { raw } = await here.gather(clusterSubject, around);
    expect(asked).toEqual([[paths[0], logBounds.bytes]]);
    expect(here.read(raw).logs).toMatchObject([{ node: 'm1', component: 'kube-apiserver', lines: [{ at: now + 500, text: 'Error: no' }] }]);
  });

  test('elsewhere it is a gap', async () => {
    const gap = { gap: 'absent', detail: 'no static pods', howToGet: 'run it on a master' } as const;
    await expect(here.gather(clusterSubject, await surroundings({ gaps: { 'here.files': gap } }))).rejects.toMatchObject({ gap });
  });
});
