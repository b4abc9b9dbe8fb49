// Fault: what a kubelet logs in with has ended, as on a machine that was off for a year.
import { generateKeyPairSync } from 'node:crypto';
import forge from 'node-forge';
import { defineFault } from '../fault.ts';
import type { LabHandle } from '../handle.ts';
import { isOnNode, moveOnNode, readOnNode, writeOnNode } from '../node-files.ts';
import { startService, stopService } from '../services.ts';

const current = '/var/lib/kubelet/pki/kubelet-client-current.pem';
/** On the disk of the original, which a rename cannot leave. */
const parked = '/var/lib/kubelet/lab-parked/kubelet-client-current.pem';
const day = 86_400_000;

/** Certificate and key in one file, as the kubelet keeps them. For authorities with RSA keys only. */
async function endedLogin(lab: LabHandle, node: string): Promise<string> {
  const [master] = lab.masters;
  if (master === undefined) throw new Error(`lab '${lab.name}' has no master`);
  const [authority, authorityKey] = await Promise.all(
    ['ca.crt', 'ca.key'].map((file) => readOnNode(lab, master.name, `/etc/kubernetes/pki/${file}`)),
  );
  const pair = generateKeyPairSync('rsa', {
    modulusLength: 2048,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
  });
  const made = forge.pki.createCertificate();
  made.publicKey = forge.pki.publicKeyFromPem(pair.publicKey);
  made.serialNumber = `01${forge.util.bytesToHex(forge.random.getBytesSync(8))}`;
  made.validity.notBefore = new Date(Date.now() - 366 * day);
  made.validity.notAfter = new Date(Date.now() - day);
  made.setSubject([
    { shortName: 'O', value: 'system:nodes' },
    { shortName: 'CN', value: `system:node:${node}` },
  ]);
  made.setIssuer(forge.pki.certificateFromPem(String(authority)).subject.attributes);
  made.setExtensions([
    { name: 'keyUsage', critical: true, digitalSignature: true, keyEncipherment: true },
    { name: 'extKeyUsage', clientAuth: true },
  ]);
  made.sign(forge.pki.privateKeyFromPem(String(authorityKey)), forge.md.sha256.create());
  return forge.pki.certificateToPem(made) + pair.privateKey;
}

export default defineFault({
  name: 'kubelet-login-expired',
  breaks: "one kubelet's client certificate: it ended yesterday, and the kubelet was restarted since",
  place: 'kubelet',
  parameters: {},
  inject: async (lab, target) => {
    await stopService(lab, target.name, 'kubelet');
    if (!(await isOnNode(lab, target.name, parked))) await moveOnNode(lab, target.name, current, parked);
    await writeOnNode(lab, target.name, current, await endedLogin(lab, target.name));
    await startService(lab, target.name, 'kubelet');
  },
  heal: async (lab, target) => {
    await stopService(lab, target.name, 'kubelet');
    if (await isOnNode(lab, target.name, parked)) await moveOnNode(lab, target.name, parked, current);
    await startService(lab, target.name, 'kubelet');
  },
  settles: { seconds: 60, what: 'its node is no longer Ready' },
});
