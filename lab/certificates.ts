// How is a kubeadm certificate replaced by one that has ended, and when is it really being served?
import { stringify } from 'yaml';
import { assertMovableClock, wallClockOffset } from './clock.ts';
import type { LabHandle } from './handle.ts';
import { isOnNode, readOnNode, writeOnNode } from './node-files.ts';
import { waitUntil } from './processes.ts';

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
  for (const ending of ['crt', 'key']) {
    const copy = parked(`${file}.${ending}`);
    if (!(await isOnNode(lab, node, copy))) await writeOnNode(lab, node, copy, await readOnNode(lab, node, `${pki}/${file}.${ending}`));
  }
  const kubernetesVersion = `v${lab.plan.release.kubernetes}`;
  await writeOnNode(
    lab,
    node,
    renewConfig,
    stringify({ apiVersion: 'kubeadm.k8s.io/v1beta4', kind: 'ClusterConfiguration', kubernetesVersion }),
  );
  const argv = ['kubeadm', 'certs', 'renew', name, `--config=${renewConfig}`];
  const outcome = await lab.nodeExec(node, argv, { env: { [wallClockOffset]: `-${366 * 24}h` }, timeoutMs: 60_000 });
  if (outcome.code !== 0) throw new Error(`kubeadm certs renew ${name} on ${node}: ${outcome.stderr.trim()}`);
}

/** Puts the certificate and key back that `replaceByExpired` replaced; does nothing when it did not. */
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
    process.stdout.write(socket.getPeerCertificate().valid_to);
    socket.destroy();
  });
  socket.setTimeout(3000, () => socket.destroy());
  socket.on('error', () => undefined);`;

/** Milliseconds since 1970 at which the certificate ends that a port serves now, or undefined when it serves none. */
async function servedUntil(lab: LabHandle, address: string, port: number): Promise<number | undefined> {
  const outcome = await lab.operatorExec([process.execPath, '--eval', readServed, '--', address, String(port)], { timeoutMs: 5000 });
  const end = Date.parse(outcome.stdout);
  return Number.isNaN(end) ? undefined : end;
}

/** Waits until a port serves a certificate that has ended, or a valid one. @throws Error when it does not within the time. */
export async function waitUntilServed(
  lab: LabHandle,
  address: string,
  port: number,
  wanted: 'ended' | 'valid',
  timeoutMs: number,
): Promise<void> {
  const served = await waitUntil(
    async () => {
      const end = await servedUntil(lab, address, port);
      return end !== undefined && end < Date.now() === (wanted === 'ended');
    },
    timeoutMs,
    1000,
  );
  if (!served) throw new Error(`${address}:${port} does not serve a certificate that is ${wanted} after ${timeoutMs / 1000} s`);
}
