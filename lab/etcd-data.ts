// How is the data folder of an etcd member changed on its machine?
import type { LabHandle } from './handle.ts';

/** Runs shell lines one after the other. @throws Error with the line that failed. */
export async function runOnNode(lab: LabHandle, node: string, lines: readonly string[]): Promise<void> {
  for (const line of lines) {
    const outcome = await lab.nodeExec(node, ['bash', '-c', line], { timeoutMs: 60_000 });
    if (outcome.code !== 0) throw new Error(`${node}: ${line} ended with ${outcome.code}: ${outcome.stderr.trim()}`);
  }
}
