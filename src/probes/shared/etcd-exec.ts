// What does etcdctl say inside the member's pod, where the user allowed commands there and gave no certificate?
import * as z from 'zod';
import type { Member } from '../../model/topology.ts';
import { GapError } from '../../sources/source.ts';
import type { Access, Gathered, Surroundings } from '../probe.ts';
import { hasEtcdCertificate } from './gaps.ts';
import { parseJson } from './json.ts';

/** Where kubeadm mounts them into the pod; asked with the certificate that its own probes use. */
const folder = '/etc/kubernetes/pki/etcd';
const access = [
  '--endpoints=https://127.0.0.1:2379',
  `--cacert=${folder}/ca.crt`,
  `--cert=${folder}/healthcheck-client.crt`,
  `--key=${folder}/healthcheck-client.key`,
  '--command-timeout=3s',
  '--write-out=json',
];
const printed = z.object({ etcdctl: z.string() });

/** Whether a command in the member's pod is the way to it. */
export function mayExecute(member: Member, around: Surroundings): member is Member & { readonly pod: string } {
  return !hasEtcdCertificate(around) && around.settings.exec === 'allowed' && member.pod !== undefined;
}

/** Runs the first command, or the next one where this etcdctl does not know one of its flags. @throws GapError */
export async function runEtcdctl(pod: string, commands: readonly (readonly string[])[], around: Surroundings): Promise<Gathered> {
  const [command = [], ...simpler] = commands;
  try {
    const output = await around.source.executed(pod, 'etcd', ['etcdctl', ...access, ...command], around.signal);
    return { raw: JSON.stringify({ etcdctl: output }), source: 'exec' };
  } catch (error) {
    const unknownFlag = error instanceof GapError && error.gap.detail.includes('unknown flag');
    if (!unknownFlag || simpler.length === 0) throw error;
    return runEtcdctl(pod, simpler, around);
  }
}

/** What etcdctl printed, when the recorded answer is that. @throws Error when it is not JSON. */
export function printedIn(raw: string): string | undefined {
  return printed.safeParse(parseJson(raw, 'the recorded answer')).data?.etcdctl;
}

/** Which of both is checked depends on the version, as for a port-forward. */
export const executeAccess: readonly Access[] = (['get', 'create'] as const).map((verb) => ({
  verb,
  group: '',
  resource: 'pods/exec',
  namespace: 'kube-system',
  onlyWith: '--allow-exec',
}));
