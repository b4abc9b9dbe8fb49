// What does the command say to input that is broken, and to servers that are no API? One sentence or a result, never a crash.
import { readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { apiServer, type ConfigParts, kubeconfigText } from '../src/sources/kit/api.ts';
import { dropping, type Patient, refusedPort, saying, silent } from '../src/sources/kit/patients.ts';
import { ecCertificate, type Pair, rsaAuthority } from '../src/sources/kit/pki.ts';
import { badKubeconfigs, base64 } from './bad-kubeconfigs.ts';
import { brokenJson, commanding, evil, forbidding, html, wrongShapes } from './bad-servers.ts';
import { type Doctor, defaultTimeout, type Ending, expectDecent, expectOneSentence, installDoctor } from './doctor-runs.ts';

const secret = 'KwXq7-no-report-may-name-this-31';
const secrets = [secret, base64(secret)];

let doctor: Doctor;
let authority: Pair;
let own: Pair;
let stranger: Pair;
const patients: Patient[] = [];

beforeAll(async () => {
  doctor = await installDoctor();
  authority = rsaAuthority('kubernetes');
  own = ecCertificate({ name: 'kube-apiserver', hosts: ['127.0.0.1', 'localhost'] }, authority);
  stranger = rsaAuthority('stranger');
}, 60_000);

afterAll(async () => {
  await Promise.all(patients.map((patient) => patient.close()));
  doctor.remove();
});

let written = 0;
const file = (text: string): string => doctor.write(`file-${++written}`, text);

describe.concurrent('a kubeconfig that cannot be used is one sentence', () => {
  test.each(badKubeconfigs)('%s', async (_name, text, about) => {
    expectOneSentence(await doctor.run('--kubeconfig', file(text({ own, stranger, secret }))), about, secrets);
  });

  test('not there', async () => expectOneSentence(await doctor.run('--kubeconfig', '/nonexistent'), '/nonexistent does not exist'));

  test('an unknown context, though the known ones would command the terminal', async () => {
    const contexts = [evil, 'fine'].map((name) => ({ name, context: { cluster: 'c' } }));
    const path = file(JSON.stringify({ contexts, clusters: [{ name: 'c', cluster: { server: 'https://127.0.0.1:1' } }] }));
    expectOneSentence(await doctor.run('--kubeconfig', path, '--context', 'nobody'), 'no context "nobody"');
  });
});

describe.concurrent('a flag that cannot be meant is one sentence', () => {
  const timeouts = ['soon', '0', '-5s', '', '5 s', '9999h', `${'9'.repeat(400)}s`];
  const cases = [
    ...timeouts.map((value) => [`--timeout=${value.slice(0, 9)}`, `--timeout=${value}`, '--timeout'] as const),
    ['--request-timeout=eternal', '--request-timeout=eternal', '--request-timeout'] as const,
    ['--only=nowhere', '--only=nowhere', 'nowhere'] as const,
    ['--only with what commands terminals', `--only=${evil.replaceAll('\0', '')}`, 'evil'] as const,
  ];
  test.each(cases)('%s', async (_name, flag, about) => {
    expectOneSentence(await doctor.run('--kubeconfig', file(kubeconfigText({ server: 'https://127.0.0.1:1' })), flag), about);
  });

  test('a time in which nothing can be learnt is no crash', async () => {
    const ending = await doctor.run('--kubeconfig', file(kubeconfigText({ server: 'https://127.0.0.1:1' })), '--timeout=0.5ms');
    expectDecent(ending, 0.001, []);
    expect([3, 5]).toContain(ending.code);
  });

  test('nothing is asked when the recording has no place', async () => {
    const server = await apiServer(own, forbidding);
    patients.push(server);
    const path = file(
      kubeconfigText({ server: `https://127.0.0.1:${server.port}`, authority: authority.certificate, user: { token: secret } }),
    );
    const below = join(file('a file, not a folder'), 'below');
    expectOneSentence(await doctor.run('--kubeconfig', path, '--record', below), below, secrets);
    expect(server.requests).toEqual([]);
  });
});

describe.concurrent('a recording that is none', () => {
  const subject = { kind: 'cluster', id: 'cluster', name: 'cluster', keys: {} };
  const known = (raw: string, more: object = {}): object => ({
    state: 'known',
    id: 'kube.nodes',
    subject,
    sample: 0,
    source: 'test',
    takenAt: 1,
    raw,
    ...more,
  });
  const evidence = (...items: readonly unknown[]): string => JSON.stringify({ schema: 1, startedAt: 1_790_000_000_000, items });
  const folder = (text: string): string => {
    const place = `recording-${++written}`;
    doctor.write(join(place, 'ha-doctor/evidence.json'), text);
    return join(doctor.place, place);
  };
  test.each([
    ['cut off', evidence(known('raw/x')).slice(0, 100), 'is not readable JSON'],
    ['of another version', JSON.stringify({ schema: 99, startedAt: 1, items: [] }), 'this version can read'],
    ['from a day that no calendar has', JSON.stringify({ schema: 1, startedAt: 1e300, items: [] }), 'startedAt'],
    ['with evidence of no known kind', evidence(known('raw/x', { id: evil })), 'items.0.id'],
  ])('%s is one sentence', async (_name, text, about) => expectOneSentence(await doctor.run('--from', folder(text)), about));

  test('a folder with something else in it', async () => {
    expectOneSentence(await doctor.run('--from', join(doctor.write('other/readme', 'x'), '..')), 'holds no recording');
  });

  test.each([
    ['upwards', '../../outside'],
    ['upwards on the way', 'raw/../../../outside'],
    ['from the root', '/etc/hostname'],
    ['by a link', 'raw/link'],
    ['upwards to what commands terminals', `../${evil}`],
  ])('what points outside itself is not read: %s', async (_name, raw) => {
    const place = folder(evidence(known(raw)));
    doctor.write('outside', `{"items": "${secret}"}`);
    doctor.write(join(place.slice(doctor.place.length), 'ha-doctor/raw/here'), '');
    symlinkSync(join(doctor.place, 'outside'), join(place, 'ha-doctor/raw/link'));
    const [screen, json] = await Promise.all([doctor.run('--from', place), doctor.run('--from', place, '-o', 'json')]);
    for (const ending of [screen, json]) expectDecent(ending, defaultTimeout, secrets);
    expect([screen.code, json.code]).toEqual([5, 5]);
    expect(detailsIn(json)).toContain('points outside itself');
  });
});

function detailsIn({ stdout }: Ending): string {
  const { gaps, verdict } = JSON.parse(stdout) as { gaps: { detail: string }[]; verdict: { line: string } };
  return [verdict.line, ...gaps.map((gap) => gap.detail)].join('\n');
}

function textBelow(folder: string): string {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => join(folder, name));
  return names
    .filter((name) => statSync(name).isFile())
    .map((name) => `${name}\n${readFileSync(name, 'utf8')}`)
    .join('\n');
}

/** Seconds; longer than the five that a credential plugin may take. */
const limit = 8;

/** One look for people, one for programs that is recorded, too. */
async function look(port: number, user: ConfigParts['user'] = { token: secret }): Promise<{ screen: Ending; json: Ending }> {
  const path = file(kubeconfigText({ server: `https://127.0.0.1:${port}`, authority: authority.certificate, user }));
  const kept = join(doctor.place, `kept-${++written}`);
  const flags = ['--kubeconfig', path, '--timeout', `${limit}s`];
  const screen = await doctor.run(...flags);
  const json = await doctor.run(...flags, '-o', 'json', '--record', kept);
  for (const ending of [screen, json]) expectDecent(ending, limit, secrets);
  for (const each of secrets) expect(textBelow(kept)).not.toContain(each);
  return { screen, json };
}

// One at a time: the servers share this process, and one that answers late is another illness.
describe('an API that is none', () => {
  const refused = async (): Promise<Patient> => ({ port: await refusedPort(), close: () => Promise.resolve() });
  const inTls = (listener: Parameters<typeof apiServer>[1]) => (): Promise<Patient> => apiServer(own, listener);
  const http = 'HTTP/1.1 400 Bad Request\r\nContent-Length: 0\r\nConnection: close\r\n\r\n';
  const cases: readonly (readonly [string, () => Promise<Patient>, number, string])[] = [
    ['refuses', refused, 3, 'refuses connections'],
    ['drops', dropping, 3, 'does not answer'],
    ['accepts TCP and is silent', silent, 3, 'says nothing'],
    ['speaks HTTP without TLS', () => saying(http), 3, 'the API at'],
    ['answers everything with a web page', inTls(html), 3, 'the API at'],
    ['answers with JSON that is broken', inTls(brokenJson), 5, 'JSON'],
    ['answers with JSON of other shapes', inTls(wrongShapes), 5, 'list of nodes'],
    ['answers with what commands terminals', inTls(commanding), 3, 'reaches no API server that is ready'],
    ['forbids everything to this credential', inTls(forbidding), 5, 'nobody'],
  ];
  test.each(cases)('%s', async (_name, start, code, about) => {
    const patient = await start();
    patients.push(patient);
    const { screen, json } = await look(patient.port);
    expect([screen.code, json.code]).toEqual([code, code]);
    expect(detailsIn(json)).toContain(about);
    expect(screen.stdout).toMatch(code === 3 ? /^CRITICAL / : /^INCOMPLETE /);
  });
});

describe('a credential plugin that', () => {
  test.each([
    ['hangs', 'sleep 60', 'did not answer within 5 s'],
    ['fails', `printf 'login expired \\033[2J token: ${secret}\\n' >&2; exit 7`, 'failed with exit code 7: login expired'],
    ['prints garbage', `printf 'garbage \\033[2J ${secret}'`, 'did not print an ExecCredential'],
    ['prints a credential without one', `echo '{"kind":"ExecCredential","status":{"note":"${secret}"}}'`, 'printed no credential'],
    ['hands out garbage as a certificate', `echo '{"status":{"clientCertificateData":"x","clientKeyData":"${secret}"}}'`, 'not usable'],
  ])('%s is named with what it did', async (_name, script, about) => {
    const server = await apiServer(own, forbidding);
    patients.push(server);
    const command = doctor.write(`plugin-${++written}.sh`, `#!/bin/sh\n${script}\n`, 0o755);
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never', command };
    const { screen, json } = await look(server.port, { exec });
    expect([screen.code, json.code]).toEqual([5, 5]);
    expect(detailsIn(json)).toContain(about);
  });
});
