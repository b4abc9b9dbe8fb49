// How is the tool run at the operator's place of a lab?
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Lab, Outcome } from '../../lab/lab.ts';

const binary = process.env['HA_DOCTOR_BINARY'] ?? fileURLToPath(new URL('../../bin/ha-doctor.cjs', import.meta.url));

/** The client certificate the operator of a lab has, for its three masters. */
export const etcdAccessFlags: readonly string[] = [
  '--etcd-endpoints=https://10.89.0.11:2379,https://10.89.0.12:2379,https://10.89.0.13:2379',
  '--etcd-cacert=etcd/ca.crt',
  '--etcd-cert=etcd/client.crt',
  '--etcd-key=etcd/client.key',
];

/** `diagnose -o json` without what earlier runs remembered; relative paths, so that no recording names this machine. */
export function lookWith(lab: Lab, flags: readonly string[], kubeconfig = 'kubeconfig'): Promise<Outcome> {
  const argv = [process.execPath, binary, 'diagnose', '--output=json', `--kubeconfig=${kubeconfig}`, ...flags];
  const env = { HA_DOCTOR_MEMORY: 'off', NODE_EXTRA_CA_CERTS: '' };
  return lab.operatorExec(argv, { env, cwd: join(lab.folder, 'operator'), timeoutMs: 90_000 });
}
