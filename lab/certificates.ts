// How is a kubeadm certificate replaced by another one, and when is it really being served?
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import forge from 'node-forge';
import { stringify } from 'yaml';
import { assertMovableClock, wallClockOffset } from './clock.ts';
import type { LabHandle } from './handle.ts';
import { isOnNode, readOnNode, writeOnNode } from './node-files.ts';
import { waitUntil } from './processes.ts';
import type { NodePlan } from './topology.ts';

const pki = '/etc/kubernetes/pki';
const renewConfig = '/etc/kubeadm/renew.yaml';
const parked = (name: string) => `/etc/kubernetes/lab-parked/${name.replaceAll('/', '-')}`;

/**
 * Renews a certificate with kubeadm's clock turned back so far that the new one has ended already.
 * The files are replaced where they are: a running pod sees its folder, not a renamed one.
 * @param name as `kubeadm certs renew` calls it, such as apiserver. @param file below the pki folder, without ending.
 */
export async function replaceByExpired(lab: LabHandle, node: string, name: string, file: string): Promise<void> {
  await assertMovableClock(lab, 'kubeadm');
  await putAside(lab, node, file);
  await renew(lab, node, name, { [wallClockOffset]: `-${366 * 24}h` });
}

/** As an administrator does it who starts nothing anew. @param name as `kubeadm certs renew` calls it, such as scheduler.conf. */
export function renewOnly(lab: LabHandle, node: string, name: string): Promise<void> {
  return renew(lab, node, name, {});
}

async function renew(lab: LabHandle, node: string, name: string, env: Readonly<Record<string, string>>): Promise<void> {
  const kubernetesVersion = `v${lab.plan.release.kubernetes}`;
  await writeOnNode(
    lab,
    node,
    renewConfig,
    stringify({ apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', kubernetesVersion }),
  );
  const argv = ['kubeadm', 'certs', 'renew', name, `--config=${renewConfig}`];
  const outcome = await lab.nodeExec(node, argv, { env, timeoutMs: 60_000 });
  if (outcome.code !== 0) throw new Error(`kubeadm certs renew ${name} on ${node}: ${outcome.stderr.trim()}`);
}

async function putAside(lab: LabHandle, node: string, file: string): Promise<void> {
  for (const ending of ['crt', 'key']) {
    const copy = parked(`${file}.${ending}`);
    if (!(await isOnNode(lab, node, copy))) await writeOnNode(lab, node, copy, await readOnNode(lab, node, `${pki}/${file}.${ending}`));
  }
}

export const signings = ['future', 'fresh', 'foreign'] as const;
export type Signing = (typeof signings)[number];

/**
 * Signs what a machine has anew: by its own authority, to begin tomorrow (`future`) or now (`fresh`); or by an authority of the
 * same name that nobody else knows (`foreign`). Key, names and file stay what they were. For RSA only.
 * @param file below the pki folder, without ending; the authority's is `ca`.
 */
export async function replaceBySigned(lab: LabHandle, node: string, file: string, how: Signing): Promise<void> {
  await putAside(lab, node, file);
  const read = (path: string) => readOnNode(lab, node, `${pki}/${path}`);
  const [old, authority] = [forge.pki.certificateFromPem(await read(`${file}.crt`)), forge.pki.certificateFromPem(await read('ca.crt'))];
  const made = forge.pki.createCertificate();
  made.publicKey = old.publicKey;
  made.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(8))}`;
  const day = 86_400_000;
  made.validity.notBefore = how === 'foreign' ? old.validity.notBefore : new Date(Date.now() + (how === 'future' ? day : 0));
  made.validity.notAfter = old.validity.notAfter;
  made.setSubject(old.subject.attributes);
  made.setIssuer(authority.subject.attributes);
  // The key of the authority is named in it, and a foreign one's is another.
  made.setExtensions(old.extensions.filter((extension: { readonly name?: string }) => extension.name !== 'authorityKeyIdentifier'));
  const key =
    how === 'foreign'
      ? generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({ type: 'pkcs1', format: 'pem' })
      : await read('ca.key');
  made.sign(forge.pki.privateKeyFromPem(String(key)), forge.md.sha256.create());
  await writeOnNode(lab, node, `${pki}/${file}.crt`, forge.pki.certificateToPem(made));
}

/** Puts the certificate and key back that were replaced; does nothing when none was. */
export async function bringBack(lab: LabHandle, node: string, file: string): Promise<void> {
  for (const ending of ['key', 'crt']) {
    const copy = parked(`${file}.${ending}`);
    if (!(await isOnNode(lab, node, copy))) continue;
    await writeOnNode(lab, node, `${pki}/${file}.${ending}`, await readOnNode(lab, node, copy));
  }
  await lab.nodeExec(node, ['rm', '-f', parked(`${file}.crt`), parked(`${file}.key`)]);
}

const readServed = `
  const [host, port] = process.argv.slice(1);
  const socket = require('node:tls').connect({ host, port: Number(port), rejectUnauthorized: false }, () => {
    const { valid_from, valid_to, fingerprint256 } = socket.getPeerCertificate();
    process.stdout.write(JSON.stringify({ begins: valid_from, ends: valid_to, fingerprint: fingerprint256 }));
    socket.destroy();
  });
  socket.setTimeout(3000, () => socket.destroy());
  socket.on('error', () => undefined);`;

interface Served {
  readonly begins: string;
  readonly ends: string;
  readonly fingerprint: string;
}

/** What a port serves now, or undefined when it serves none. */
async function servedOn(lab: LabHandle, address: string, port: number): Promise<Served | undefined> {
  const outcome = await lab.operatorExec([process.execPath, '--eval', readServed, '--', address, String(port)], { timeoutMs: 5000 });
  return outcome.stdout === '' ? undefined : (JSON.parse(outcome.stdout) as Served);
}

/** Waits until a port serves a certificate that has ended, or a valid one. @throws Error when it does not within the time. */
export async function waitUntilServed(
  lab: LabHandle,
  address: string,
  port: number,
  wanted: 'ended' | 'valid',
  timeoutMs: number,
): Promise<void> {
  const isWanted = ({ begins, ends }: Served): boolean =>
    wanted === 'ended' ? Date.parse(ends) < Date.now() : Date.parse(ends) > Date.now() && Date.parse(begins) <= Date.now();
  await waitForPort(lab, address, port, { isWanted, what: wanted, timeoutMs });
}

/** Waits until a port serves what lies in that file of its machine. @throws Error when it does not within the time. */
export async function waitUntilFileServed(lab: LabHandle, node: NodePlan, file: string, port: number, timeoutMs: number): Promise<void> {
  const { fingerprint256 } = new X509Certificate(await readOnNode(lab, node.name, `${pki}/${file}.crt`));
  const isWanted = (served: Served): boolean => served.fingerprint === fingerprint256;
  await waitForPort(lab, node.address, port, { isWanted, what: `the one in ${file}.crt`, timeoutMs });
}

interface Awaited {
  readonly isWanted: (served: Served) => boolean;
  readonly what: string;
  readonly timeoutMs: number;
}

async function waitForPort(lab: LabHandle, address: string, port: number, { isWanted, what, timeoutMs }: Awaited): Promise<void> {
  const found = await waitUntil(
    async () => {
      const served = await servedOn(lab, address, port);
      return served !== undefined && isWanted(served);
    },
    timeoutMs,
    1000,
  );
  if (!found) throw new Error(`${address}:${port} does not serve a certificate that is ${what} after ${timeoutMs / 1000} s`);
}
