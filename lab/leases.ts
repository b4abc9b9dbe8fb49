// Who leads the lab's scheduler or controller manager?
import type { LabHandle } from './handle.ts';
import { waitUntil } from './processes.ts';

export type Elected = 'kube-scheduler' | 'kube-controller-manager';

/** @throws Error when it is neither of the two. */
export function asElected(name: string): Elected {
  if (name === 'kube-scheduler' || name === 'kube-controller-manager') return name;
  throw new Error(`'${name}' elects no leader: kube-scheduler or kube-controller-manager`);
}

/** The node of the holder, as its identity begins with it; undefined while nobody leads. */
export async function leaderOf(lab: LabHandle, component: Elected): Promise<string | undefined> {
  const holder = await lab.kubectl(['-n', 'kube-system', 'get', 'lease', component, '-o', 'jsonpath={.spec.holderIdentity}']);
  return lab.masters.find(({ name }) => holder.startsWith(`${name}_`))?.name;
}

/** Waits until another node than that leads, and gives its name. @throws Error when none does within 40 s. */
export async function waitForOtherLeader(lab: LabHandle, component: Elected, than: string): Promise<string> {
  let leader: string | undefined;
  const moved = await waitUntil(
    async () => {
      leader = await leaderOf(lab, component).catch(() => undefined);
      return leader !== undefined && leader !== than;
    },
    40_000,
    500,
  );
  if (!moved || leader === undefined) throw new Error(`nobody takes the lead of ${component} over from ${than}`);
  return leader;
}
