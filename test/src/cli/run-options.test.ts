// Do flags and environment become what the user meant, and do impossible ones get one sentence?
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Parser } from '@oclif/core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { UsageError } from '../../../src/model/errors.ts';
import { parseDuration } from '../../../src/cli/duration.ts';
import { diagnoseFlags, leaderFlags } from '../../../src/cli/flags.ts';
import { readRunOptions } from '../../../src/cli/run-options.ts';

let folder = '';
const file = (name: string) => join(folder, name);

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ha-doctor-flags-'));
  for (const name of ['ca.crt', 'client.crt', 'client.key']) writeFileSync(file(name), 'x');
});
afterAll(() => rmSync(folder, { recursive: true }));

async function read(argv: readonly string[], environment: Readonly<Record<string, string>> = {}) {
  const { flags } = await Parser.parse([...argv], { flags: diagnoseFlags, strict: true });
  return readRunOptions(flags as Parameters<typeof readRunOptions>[0], environment);
}

test.each([
  ['15s', 15_000],
  ['500ms', 500],
  ['1m30s', 90_000],
  ['1.5h', 5_400_000],
  ['20', 20_000],
  ['0', 0],
])('%s lasts %i ms', (text, milliseconds) => {
  expect(parseDuration(text, '--timeout')).toBe(milliseconds);
});

test.each(['', 's', '5 s', '-1s', '5d', '1s!', 'soon'])('%j is no duration', (text) => {
  expect(() => parseDuration(text, '--timeout')).toThrow(UsageError);
});

describe('connection', () => {
  test('without flags nothing is decided for kubectl', async () => {
    const { connection, settings, timeoutMs } = await read([]);
    expect(connection).toEqual({});
    expect(settings).toEqual({ masters: [], portForward: 'allowed', exec: 'forbidden', lbConnections: 12, deep: false });
    expect(timeoutMs).toBe(15_000);
  });

  test('kubectl flags keep their meaning', async () => {
    const argv = ['--context', 'a', '-s', 'https://h:1', '--as-group=x', '--as-group', 'y', '--request-timeout', '5', '-n', 'default'];
    const { connection } = await read(argv);
    expect(connection).toEqual({ context: 'a', server: 'https://h:1', asGroup: ['x', 'y'], requestTimeoutMs: 5000 });
    expect((await read(['--request-timeout=0'])).connection).toEqual({});
  });

  test('a run that may take no time is refused', async () => {
    await expect(read(['--timeout', '0s'])).rejects.toThrow('--timeout');
  });
});

describe('ways of looking', () => {
  test('hosts come in lists, again and again, and as URLs', async () => {
    const { settings } = await read([
      '--masters',
      '10.0.0.1,10.0.0.2:6444',
      '--masters',
      'https://m3.example:6443/',
      '--masters=[::1]:6443',
    ]);
    expect(settings.masters).toEqual(['10.0.0.1', '10.0.0.2:6444', 'm3.example:6443', '[::1]:6443']);
  });

  test.each(['a b', 'http://', 'host:port', 'x/y', '$(id)'])('%j is no host', async (host) => {
    await expect(read(['--masters', host])).rejects.toThrow(UsageError);
  });

  test('the environment of etcdctl is read, flags go before it', async () => {
    const environment = { ETCDCTL_ENDPOINTS: 'https://10.0.0.1:2379,10.0.0.2:2379', ETCDCTL_CACERT: file('ca.crt') };
    expect((await read([], environment)).settings.etcd).toEqual({
      endpoints: ['10.0.0.1:2379', '10.0.0.2:2379'],
      authority: file('ca.crt'),
      from: 'environment',
    });
    const both = await read(['--etcd-cert', file('client.crt'), '--etcd-key', file('client.key')], environment);
    expect(both.settings.etcd).toMatchObject({
      authority: file('ca.crt'),
      certificate: file('client.crt'),
      key: file('client.key'),
      from: 'flag',
    });
  });

  test('a certificate without its key, and a file that is not there, are the user’s mistake', async () => {
    await expect(read(['--etcd-cert', file('client.crt')])).rejects.toThrow('--etcd-key');
    await expect(read(['--etcd-cacert', file('no.crt')])).rejects.toThrow(`cannot read ${file('no.crt')}`);
    await expect(read(['--etcd-cacert', folder])).rejects.toThrow('is not a file');
  });

  test('folders of certificates, with the machine they are of or without; one that is none is the user’s mistake', async () => {
    const { settings } = await read(['--pki-dir', `m1=${folder}`, '--pki-dir', folder]);
    expect(settings.pkiDirs).toEqual([{ node: 'm1', path: folder }, { path: folder }]);
    await expect(read(['--pki-dir', file('ca.crt')])).rejects.toThrow(UsageError);
    await expect(read(['--pki-dir', `m1=${file('nowhere')}`])).rejects.toThrow('is not a folder');
  });

  test('what is allowed and what is not', async () => {
    const { settings } = await read(['--no-port-forward', '--allow-exec', '--deep', '--haproxy-stats', '/run/haproxy.sock']);
    expect(settings).toMatchObject({ portForward: 'forbidden', exec: 'allowed', deep: true, haproxyStats: '/run/haproxy.sock' });
  });
});

describe('--lease', () => {
  const named = async (...argv: readonly string[]) => {
    const { flags } = await Parser.parse([...argv], { flags: leaderFlags, strict: true });
    return readRunOptions(flags as Parameters<typeof readRunOptions>[0], {}).settings.leases;
  };

  test('a namespace and a name, again and again', async () => {
    expect(await named('--lease', 'ops/leader', '--lease', 'a/b.c')).toEqual([
      { namespace: 'ops', name: 'leader' },
      { namespace: 'a', name: 'b.c' },
    ]);
    expect(await named()).toBeUndefined();
  });

  test.each(['leader', '/leader', 'ops/', 'ops/leader/x', '../x', 'ops/Leader'])('%j is none', async (text) => {
    await expect(named('--lease', text)).rejects.toThrow(UsageError);
  });
});
