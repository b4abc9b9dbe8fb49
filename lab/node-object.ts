// How does a machine whose node was deleted get it back?
import type { LabHandle } from './handle.ts';
import { waitUntil } from './processes.ts';
import { startService } from './services.ts';

/** Its kubelet registers it again; the role is the administrator's to give. @throws Error when it does not within three minutes. */
export async function bringNodeBack(lab: LabHandle, name: string): Promise<void> {
  await startService(lab, name, 'kubelet');
  const label = ['label', '--overwrite', 'node', name, 'node-role.kubernetes.io/control-plane='];
  const isBack = () =>
    lab.kubectl(label).then(
      () => true,
      () => false,
    );
  if (!(await waitUntil(isBack, 180_000, 2000))) throw new Error(`${name} does not come back as a node`);
}
