// How is a process made to hang, and what has to be held back so that it stays so?
import type { LabHandle } from './handle.ts';
import { processesNamed, restartKubelet, signalProgram, startService, stopService } from './services.ts';
import type { Component } from './static-pods.ts';
import type { NodePlan } from './topology.ts';

/** @param kubelet `stopped` keeps the liveness probe from restarting the container. @throws Error for other words than running and stopped. */
export async function hang(lab: LabHandle, target: NodePlan, component: Component, kubelet: string): Promise<void> {
  if (kubelet !== 'running' && kubelet !== 'stopped') throw new Error(`kubelet is running or stopped, not '${kubelet}'`);
  if (kubelet === 'stopped' && target.role === 'master') await stopService(lab, target.name, 'kubelet');
  await signalProgram(lab, target.name, component, 'STOP');
}

/** Continues the process where it still hangs, and restarts the kubelet so that no back-off is left. */
export async function wake(lab: LabHandle, target: NodePlan, component: Component): Promise<void> {
  if ((await processesNamed(lab, target.name, component)).length > 0) await signalProgram(lab, target.name, component, 'CONT');
  if (target.role !== 'master') return;
  await startService(lab, target.name, 'kubelet');
  await restartKubelet(lab, target.name);
}
