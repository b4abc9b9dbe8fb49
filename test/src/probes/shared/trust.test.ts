// Is trust judged as a verifying client would, by signature and by the server's time?
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { RawTry } from '../../../../src/sources/source.ts';
import { readTries, writeTries } from '../../../../src/probes/shared/tries.ts';
import { Authority, temporaryFolder, type Wanted } from '../kit/authority.ts';

const folder = temporaryFolder();
afterAll(folder.remove);
const day = 86_400_000;
const now = Date.now();
const authority = new Authority(folder.path, { from: now - 30 * day, until: now + 3000 * day });
const names = ['10.0.0.1', 'api.example.org'];
const san = 'IP:10.0.0.1,DNS:api.example.org';

function trust(chain: readonly string[], options: { date?: number; anchors?: readonly string[]; names?: readonly string[] } = {}) {
  const headers: Record<string, string> = options.date === undefined ? {} : { date: new Date(options.date).toUTCString() };
  const one: RawTry = {
    address: '10.0.0.1:6443',
    sentAt: now - 5,
    receivedAt: now,
    connected: true,
    chain,
    answer: { status: 200, headers, body: 'ok' },
  };
  const raw = writeTries([one], options.anchors ?? [authority.own.der], options.names ?? names);
  return readTries(raw)[0]?.trust;
}
const leaf = (wanted: Wanted = {}) => authority.issue({ names: san, ...wanted }).der;

describe('trust', () => {
  test('a good leaf is trusted, with one matching name and with any', () => {
    const good = leaf();
    expect(trust([good])).toEqual({ kind: 'trusted' });
    expect(trust([good], { names: ['192.0.2.9', 'api.example.org'] })).toEqual({ kind: 'trusted' });
    expect(trust([good, authority.own.der])).toEqual({ kind: 'trusted' });
  });

  test('expired by our clock, alive by the server’s own', () => {
    const expired = leaf({ from: now - 10 * day, until: now - day });
    expect(trust([expired])).toMatchObject({
      kind: 'untrusted',
      why: 'expired',
      detail: expect.stringContaining(new Date(now - day).toISOString().slice(0, 19)),
    });
    expect(trust([expired], { date: now - 2 * day })).toEqual({ kind: 'trusted' });
    // A server whose own clock is years ahead is no reason to call its certificate expired.
    expect(trust([leaf()], { date: now + 3650 * day })).toEqual({ kind: 'trusted' });
    expect(trust([expired], { date: now + 3650 * day })).toMatchObject({ why: 'expired' });
  });

  test('a certificate from the future is not yet valid, unless the server lives there', () => {
    const future = leaf({ from: now + day, until: now + 10 * day });
    expect(trust([future])).toMatchObject({ kind: 'untrusted', why: 'not-yet-valid' });
    expect(trust([future], { date: now + 2 * day })).toEqual({ kind: 'trusted' });
  });

  test('the wrong name is said with the right ones', () => {
    const found = trust([leaf({ names: 'IP:10.0.0.2,DNS:other.example.org' })]);
    expect(found).toMatchObject({ kind: 'untrusted', why: 'wrong-name' });
    expect(found).toMatchObject({ detail: 'it is for other.example.org, 10.0.0.2, not for 10.0.0.1 or api.example.org' });
  });

  test('a common name is no name, and a wildcard is one whole label', () => {
    expect(trust([leaf({ subject: '/CN=api.example.org', names: 'DNS:x.org' })])).toMatchObject({ why: 'wrong-name' });
    expect(trust([leaf({ names: 'DNS:*.example.org' })])).toEqual({ kind: 'trusted' });
    expect(trust([leaf({ names: 'DNS:a*.example.org' })])).toMatchObject({ why: 'wrong-name' });
    expect(trust([leaf({ names: 'DNS:*.org' })])).toMatchObject({ why: 'wrong-name' });
  });

  test('another authority of the same name is unknown: the signature decides', () => {
    const impostor = new Authority(folder.path);
    expect(trust([impostor.issue({ names: san }).der])).toMatchObject({ kind: 'untrusted', why: 'unknown-authority' });
    expect(trust([leaf()], { anchors: [impostor.own.der, authority.own.der] })).toEqual({ kind: 'trusted' });
    // Sending the impostor's own authority along does not help it.
    expect(trust([impostor.issue({ names: san }).der, impostor.own.der])).toMatchObject({ why: 'unknown-authority' });
  });

  test('an intermediate carries, if it may sign and is still valid', () => {
    const middle = new Authority(folder.path, { subject: '/CN=middle' }, authority);
    expect(trust([middle.issue({ names: san }).der, middle.own.der])).toEqual({ kind: 'trusted' });
    expect(trust([middle.issue({ names: san }).der])).toMatchObject({ why: 'unknown-authority' });
    const notAnAuthority = new Authority(folder.path, { subject: '/CN=leafy', isAuthority: false, names: san }, authority);
    expect(trust([notAnAuthority.issue({ names: san }).der, notAnAuthority.own.der])).toMatchObject({ why: 'unknown-authority' });
    const stale = new Authority(folder.path, { subject: '/CN=stale', from: now - 9 * day, until: now - day }, authority);
    expect(trust([stale.issue({ names: san }).der, stale.own.der])).toMatchObject({
      why: 'expired',
      detail: expect.stringContaining('CN=stale'),
    });
  });

  test('an expired authority at the client’s end is said', () => {
    const old = new Authority(folder.path, { from: now - 9 * day, until: now - day });
    const found = trust([old.issue({ names: san }).der], { anchors: [old.own.der] });
    expect(found).toMatchObject({ kind: 'untrusted', why: 'expired', detail: expect.stringContaining('authority “CN=kubernetes”') });
  });

  test('of two authorities with one key the one that is valid is enough, whichever comes first', () => {
    const old = new Authority(folder.path, { from: now - 9 * day, until: now - day });
    const out = `${old.own.certificatePath}.renewed`;
    const argv = [
      'req',
      '-x509',
      '-new',
      '-key',
      old.own.keyPath,
      '-subj',
      '/CN=kubernetes',
      '-days',
      '30',
      '-outform',
      'DER',
      '-out',
      out,
    ];
    execFileSync('openssl', argv, { stdio: 'pipe' });
    const renewed = readFileSync(out).toString('base64');
    const served = old.issue({ names: san }).der;
    // It was made after this file was read.
    const date = now + 60_000;
    expect(trust([served], { date, anchors: [old.own.der, renewed] })).toEqual({ kind: 'trusted' });
    expect(trust([served], { date, anchors: [renewed, old.own.der] })).toEqual({ kind: 'trusted' });
    expect(trust([served, old.own.der], { date, anchors: [renewed] })).toEqual({ kind: 'trusted' });
    expect(trust([served], { anchors: [old.own.der] })).toMatchObject({ why: 'expired' });
  });

  test('a chain of hundreds of one name does not hold up anything', () => {
    const stranger = new Authority(folder.path);
    const chain = [leaf(), ...Array.from({ length: 300 }, () => stranger.own.der)];
    expect(trust(chain, { anchors: [stranger.own.der] })).toMatchObject({ why: 'unknown-authority' });
  });

  test('what cannot be judged says so', () => {
    expect(trust([])).toEqual({ kind: 'not-judged', why: 'no certificate was seen' });
    expect(trust([leaf()], { anchors: [] })).toMatchObject({ kind: 'not-judged' });
    expect(trust([Buffer.from('garbage').toString('base64'), leaf()])).toMatchObject({
      kind: 'not-judged',
      why: expect.stringContaining('cannot be parsed'),
    });
    // A system store of hundreds still ends as judged, and small in the recording.
    const many = Array.from({ length: 12 }, () => new Authority(folder.path, { subject: `/CN=${Math.random()}` }).own.der);
    expect(trust([leaf()], { anchors: many })).toMatchObject({ why: 'unknown-authority' });
    expect(trust([leaf()], { anchors: [...many, authority.own.der] })).toEqual({ kind: 'trusted' });
  });

  test('IPv6 addresses match in any spelling', () => {
    const six = leaf({ names: 'IP:fd00:0:0:0::1' });
    expect(trust([six], { names: ['[fd00::1]'] })).toEqual({ kind: 'trusted' });
    expect(trust([six], { names: ['fd00::2'] })).toMatchObject({ why: 'wrong-name', detail: 'it is for fd00::1, not for fd00::2' });
  });
});
