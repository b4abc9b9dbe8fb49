// Is HAProxy's table read from a real HAProxy, over HTTP and over its socket?
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import stats from '../../../../src/probes/lb/stats.ts';
import type { Settings } from '../../../../src/probes/settings.ts';
import { type Patient, refusedPort, saying, silent } from '../../sources/kit/patients.ts';
import { surroundings } from '../kit/around.ts';
import { type Haproxy, haproxyMissing, startHaproxy } from '../kit/haproxy.ts';

let haproxy: Haproxy;
let locked: Haproxy;
const patients: Patient[] = [];
let dead = 0;

beforeAll(async () => {
  if (haproxyMissing !== undefined) return;
  const good = await silent();
  patients.push(good);
  dead = await refusedPort();
  const servers = [
    `m1 127.0.0.1:${good.port} check`,
    `m2 127.0.0.1:${dead} check`,
    `m3 127.0.0.1:${good.port}`,
    `m4 127.0.0.1:${good.port} check disabled`,
  ];
  [haproxy, locked] = await Promise.all([startHaproxy(servers), startHaproxy(servers, 's3cret')]);
});
afterAll(async () => {
  await Promise.all([haproxy?.stop(), locked?.stop(), ...patients.map((one) => one.close())]);
});

const subject = { kind: 'lb' as const, id: 'x', name: 'LB', keys: {} };
async function look(settings: Partial<Settings>, host = '127.0.0.1') {
  const entry = { subject, host, port: 1 };
  const gathered = await stats.gather(subject, await surroundings({ settings, topology: { entry } }));
  return { ...gathered, rows: stats.read(gathered.raw).rows };
}
async function refusal(settings: Partial<Settings>): Promise<unknown> {
  return look(settings).catch((error: unknown) => error);
}

describe.skipIf(haproxyMissing !== undefined)(
  `a real HAProxy${haproxyMissing === undefined ? '' : ` (NOT RUN: ${haproxyMissing})`}`,
  () => {
    test.each(['socket', 'page', 'page with ;csv'])('rows by %s', async (way) => {
      const page = `http://127.0.0.1:${haproxy.statsPort}/stats`;
      const haproxyStats = { socket: haproxy.socket, page, 'page with ;csv': `${page};csv` }[way] ?? '';
      // HAProxy writes the state of a server before it writes the words of its last check.
      const settled = async () => {
        const servers = (await look({ haproxyStats })).rows.filter((row) => row.server === 'm1' || row.server === 'm2');
        return servers.map((row) => `${row.checkStatus} ${row.lastCheck}`);
      };
      await expect.poll(settled, { timeout: 10_000 }).toEqual(['L4OK ', 'L4CON Connection refused']);
      const { rows } = await look({ haproxyStats });
      const row = (server: string) => rows.find((one) => one.proxy === 'masters' && one.server === server);
      expect(row('m1')).toMatchObject({ type: 'server', status: 'UP', checkStatus: 'L4OK', mode: 'tcp', lastChange: expect.any(Number) });
      expect(row('m2')).toMatchObject({ status: 'DOWN', checkStatus: 'L4CON', lastCheck: 'Connection refused' });
      expect(row('m3')).toMatchObject({ status: 'no check', checkStatus: '' });
      expect(row('m4')).toMatchObject({ status: 'MAINT' });
      expect(row('BACKEND')).toMatchObject({ type: 'backend', status: 'UP', activeServers: 2 });
      expect(rows.find((one) => one.proxy === 'api')).toMatchObject({ type: 'frontend', status: 'OPEN' });
      if (way === 'socket') expect(row('m2')?.address).toBe(`127.0.0.1:${dead}`);
    });

    test('a password in the URL opens the page and stays out of what is kept', async () => {
      const page = (login: string) => `http://${login}127.0.0.1:${locked.statsPort}/stats`;
      const open = await look({ haproxyStats: page('admin:s3cret@') });
      expect(open.rows.length).toBeGreaterThan(4);
      expect(open.raw).not.toContain('s3cret');
      const denied = await refusal({ haproxyStats: page('admin:wrong@') });
      expect(denied).toMatchObject({ gap: { gap: 'denied' } });
      expect(JSON.stringify(denied)).not.toContain('wrong');
    });

    test('something else at that place is a gap in one sentence', async () => {
      const html = await saying('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html>Welcome</html>');
      patients.push(html);
      expect(await refusal({ haproxyStats: `http://127.0.0.1:${html.port}/stats` })).toMatchObject({
        gap: { gap: 'failed', detail: expect.stringContaining('status 200') },
      });
      expect(await refusal({ haproxyStats: `http://127.0.0.1:${dead}/stats` })).toMatchObject({
        gap: { gap: 'failed', howToGet: expect.stringContaining('--haproxy-stats') },
      });
      // Nobody named a place, and there is none at the usual one.
      expect(await refusal({})).toMatchObject({ gap: { gap: 'absent' } });
    });
  },
);

describe('the table as text', () => {
  const header = '# pxname,svname,status,type,check_status,check_code,last_chk,lastchg,addr,mode,act,';
  const read = (...lines: string[]) => stats.read([header, ...lines, ''].join('\n')).rows;

  test('columns go by their names, quotes hold commas, a star is a running check', () => {
    const [row, again] = read(
      'masters,m1,UP 1/3,2,* L7STS,500,"HTTP status, ""bad""",17,10.0.0.1:6443,tcp,1,',
      'masters,m2,DOWN,2,L4CON,,,,,,,',
    );
    expect(row).toEqual({
      proxy: 'masters',
      server: 'm1',
      type: 'server',
      status: 'UP 1/3',
      checkStatus: 'L7STS',
      checkCode: 500,
      lastCheck: 'HTTP status, "bad"',
      lastChange: 17,
      address: '10.0.0.1:6443',
      mode: 'tcp',
      activeServers: 1,
    });
    expect(again).toEqual({
      proxy: 'masters',
      server: 'm2',
      type: 'server',
      status: 'DOWN',
      checkStatus: 'L4CON',
      lastCheck: '',
      address: '',
      mode: '',
    });
  });

  test('escapes for terminals do not survive', () => {
    expect(read('a,b,\u001b[31mDOWN\u0007,2,,,,,,,,')[0]?.status).toBe('DOWN');
  });

  test.each([
    ['', 'begins with'],
    ['<html>', 'begins with “<html>”'],
    ['# pxname,svname\na,b\n', 'no column status'],
    [`${header}\na,b,UP,9,,,,,,,,\n`, 'unknown type “9”'],
  ])('nonsense is said in one sentence: %j', (raw, sentence) => {
    expect(() => stats.read(raw)).toThrow(sentence);
  });
});
