// What do we make of the words of time services, of none, and of one that hangs?
import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import time from '../../../../src/probes/here/time.ts';
import { clusterSubject } from '../../../../src/model/subject.ts';
import { surroundings } from '../kit/around.ts';
import { temporaryFolder } from '../kit/authority.ts';

const path = process.env['PATH'];
let folder: ReturnType<typeof temporaryFolder>;

beforeEach(() => {
  folder = temporaryFolder();
  // Nothing of this machine: what it has is not for the test to know.
  process.env['PATH'] = folder.path;
});
afterEach(() => {
  process.env['PATH'] = path;
  folder.remove();
});

function install(name: string, script: string): void {
  const file = join(folder.path, name);
  writeFileSync(file, `#!/bin/sh\n${script}\n`);
  chmodSync(file, 0o755);
}

async function look() {
  const here = { node: 'm1', certificates: [], manifests: [], unreadable: [] };
  const gathered = await time.gather(clusterSubject, await surroundings({ values: { 'here.files': here } }));
  return time.read(gathered.raw);
}

/** As chrony 4 prints it. */
const tracking = (leap: string) => `echo 'Reference ID    : CB00710F (203.0.113.15)
Stratum         : 3
System time     : 0.000006523 seconds slow of NTP time
Leap status     : ${leap}'`;

test('both tell', async () => {
  install('timedatectl', 'echo NTP=yes; echo NTPSynchronized=yes');
  install('chronyc', tracking('Normal'));
  expect(await look()).toEqual({ node: 'm1', kernelSynchronised: true, serviceOn: true, chronySynchronised: true });
});

test('they are asked to tell and nothing else', async () => {
  install(
    'timedatectl',
    'echo "NTP=no"; echo "$@" >&2; [ "$*" = "show --property=NTPSynchronized --property=NTP" ] && echo NTPSynchronized=no',
  );
  install('chronyc', `[ "$*" = "-n tracking" ] && ${tracking('Not synchronised')}`);
  expect(await look()).toEqual({ node: 'm1', kernelSynchronised: false, serviceOn: false, chronySynchronised: false });
});

test('one is enough, be the other one away, failing or mute', async () => {
  install('chronyc', tracking('Insert second'));
  expect(await look()).toEqual({ node: 'm1', chronySynchronised: true });
  install('timedatectl', 'echo "Failed to connect to bus" >&2; exit 1');
  expect(await look()).toEqual({ node: 'm1', chronySynchronised: true });
  install('timedatectl', 'echo Something=else');
  expect(await look()).toEqual({ node: 'm1', chronySynchronised: true });
});

test('none, or one that hangs: a gap within the time', async () => {
  await expect(look()).rejects.toMatchObject({ gap: { gap: 'absent', howToGet: expect.stringContaining('timedatectl show') } });
  install('timedatectl', 'while :; do :; done');
  const begun = Date.now();
  await expect(look()).rejects.toMatchObject({ gap: { gap: 'timeout' } });
  expect(Date.now() - begun).toBeLessThan(4000);
});

test('a machine that is no master is not asked', async () => {
  install('timedatectl', 'echo NTPSynchronized=yes');
  await expect(time.gather(clusterSubject, await surroundings())).rejects.toMatchObject({ gap: { gap: 'absent' } });
});
