// Does etcdctl in the member's pod say the same as the member, where commands in pods are allowed?
import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import members from '../../../../src/probes/etcd/members.ts';
import status from '../../../../src/probes/etcd/status.ts';
import { isReadOnly } from '../../../../src/sources/pod-exec.ts';
import { GapError, type Source } from '../../../../src/sources/source.ts';
import { memberAt, surroundings } from '../kit/around.ts';
import { type EtcdCluster, etcdMissing, startEtcd } from '../kit/etcd.ts';

const member = memberAt('10.0.0.1', 2379, 2380, 'etcd-m1');
const topology = { members: [member] };
let cluster: EtcdCluster;

beforeAll(async () => {
  if (etcdMissing === undefined) cluster = await startEtcd(3);
}, 40_000);
afterAll(() => cluster?.stop());

/** In the pod's place: the real etcdctl, with the paths and the port of this machine's member. */
function inPod(argvs: (readonly string[])[]): (source: Source) => Partial<Source> {
  return () => ({
    executed: async (pod, container, argv) => {
      argvs.push([pod, container, ...argv]);
      const { authority, client } = cluster;
      const here: Readonly<Record<string, string>> = {
        '--endpoints': `https://127.0.0.1:${cluster.members[0]?.clientPort}`,
        '--cacert': authority.own.certificatePath,
        '--cert': client.certificatePath,
        '--key': client.keyPath,
      };
      const words = argv.slice(1).map((word) => {
        const value = here[word.split('=')[0] ?? ''];
        return value === undefined ? word : `${word.split('=')[0]}=${value}`;
      });
      const { status: code, stdout, stderr } = spawnSync('/usr/bin/etcdctl', words, { env: { ETCDCTL_API: '3' }, encoding: 'utf8' });
      if (code !== 0) throw new GapError({ gap: 'failed', detail: stderr.trim().split('\n').at(-1) ?? '', howToGet: 'x' });
      return stdout;
    },
  });
}

describe.skipIf(etcdMissing !== undefined)(`etcdctl in a pod${etcdMissing === undefined ? '' : ` (skipped: ${etcdMissing})`}`, () => {
  test('says what the member says, with ids beyond 2^53, healthy and without quorum', async () => {
    const argvs: (readonly string[])[] = [];
    const inside = await surroundings({ topology, settings: { exec: 'allowed' }, divert: inPod(argvs) });
    const etcd = { authority: cluster.authority.own, client: cluster.client };
    const direct = await surroundings({ topology: { members: cluster.members }, etcd });
    const subject = cluster.members[0]?.subject;
    if (subject === undefined) throw new Error('no member');
    const compare = async (): Promise<void> => {
      const said = await status.gather(member.subject, inside);
      expect(said.source).toBe('exec');
      // etcd goes on between two questions.
      const moving = { raftIndex: '', appliedIndex: '', dbSize: 0, dbSizeInUse: 0 };
      const [told, asked] = [status.read(said.raw), status.read((await status.gather(subject, direct)).raw)];
      expect({ ...told, ...moving }).toEqual({ ...asked, ...moving });
      const listed = await members.gather(member.subject, inside);
      expect(members.read(listed.raw)).toEqual(members.read((await members.gather(subject, direct)).raw));
    };
    await compare();
    await cluster.signal(1, 'SIGKILL');
    await cluster.signal(2, 'SIGKILL');
    await expect
      .poll(async () => status.read((await status.gather(member.subject, inside)).raw), { timeout: 10_000 })
      .toMatchObject({ kind: 'answered', errors: ['etcdserver: no leader'] });
    await compare();
    expect(argvs.every(([pod, container, ...argv]) => pod === 'etcd-m1' && container === 'etcd' && isReadOnly(argv))).toBe(true);
  }, 40_000);
});

test('without the user’s leave, or without a pod, the gap is the certificate’s', async () => {
  const nameless = memberAt('10.0.0.1', 2379, 2380);
  const argvs: (readonly string[])[] = [];
  const wanted = [
    { topology, divert: inPod(argvs) },
    { topology: { members: [nameless] }, settings: { exec: 'allowed' as const }, divert: inPod(argvs) },
  ];
  for (const one of wanted)
    for (const probe of [status, members])
      await expect(probe.gather(member.subject, await surroundings(one))).rejects.toMatchObject({
        gap: { gap: 'not-collected', howToGet: expect.stringContaining('--etcd-cert') },
      });
  expect(argvs).toEqual([]);
});

test('an endpoint that never answered is no status', () => {
  expect(() => status.read(JSON.stringify({ etcdctl: '[]' }))).toThrow('the status of the member');
});
