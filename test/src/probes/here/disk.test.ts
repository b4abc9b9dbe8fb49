// Is the disk under etcd's data looked at where its manifest says the data is, and only on a machine with etcd?
import { expect, test } from 'vitest';
import disk from '../../../../src/probes/here/disk.ts';
import { clusterSubject } from '../../../../src/model/subject.ts';
import type { LocalFiles } from '../../../../src/model/here.ts';
import { surroundings } from '../kit/around.ts';

function here(...command: string[]): LocalFiles {
  const manifests = command.length === 0 ? [] : [{ path: '/etc/kubernetes/manifests/etcd.yaml', component: 'etcd', command }];
  return { node: 'm1', certificates: [], manifests, unreadable: [] };
}

async function look(value: LocalFiles | undefined) {
  const around = await surroundings(value === undefined ? {} : { values: { 'here.files': value } });
  return disk.read((await disk.gather(clusterSubject, around)).raw);
}

test('data and log, each with its room', async () => {
  const seen = await look(here('etcd', '--data-dir=/tmp', '--wal-dir=/dev/shm'));
  expect(seen.node).toBe('m1');
  expect(seen.folders.map((one) => one.path)).toEqual(['/tmp', '/dev/shm']);
  for (const { size, free } of seen.folders) {
    expect(size).toBeGreaterThan(0);
    expect(free).toBeLessThanOrEqual(size);
  }
});

test('a machine without etcd, without a control plane, or without the folder is a gap', async () => {
  await expect(look(here())).rejects.toMatchObject({ gap: { gap: 'absent' } });
  await expect(look(undefined)).rejects.toMatchObject({ gap: { gap: 'absent' } });
  await expect(look(here('etcd', '--data-dir=/tmp/nowhere-at-all'))).rejects.toMatchObject({ gap: { gap: 'absent' } });
});
