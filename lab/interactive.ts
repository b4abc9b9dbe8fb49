// How does someone at a terminal get into one of the lab's places?
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { nodeEnvironment, operatorEnvironment } from './handle.ts';
import type { LabHandle } from './handle.ts';
import { asOperator, operatorProcess } from './network.ts';
import { insideNode, nodeProcess } from './nodes.ts';

/**
 * Runs a command (a shell when none is given) with this terminal.
 * @param place `operator` or a node's name.
 * @returns its exit code.
 */
export async function runInteractive(lab: LabHandle, place: string, words: readonly string[]): Promise<number> {
  const command = words.length > 0 ? words : ['bash'];
  const pid = place === 'operator' ? await operatorProcess(lab.folder) : await nodeProcess(lab.folder, place);
  if (pid === undefined) throw new Error(`${place} of lab '${lab.name}' is off`);
  const argv = place === 'operator' ? asOperator(pid, command) : insideNode(pid, command);
  const env = place === 'operator' ? operatorEnvironment(lab.paths, lab.binaries) : nodeEnvironment();
  const [file = '', ...args] = argv;
  const child = spawn(file, args, { stdio: 'inherit', env });
  return new Promise((resolve, reject) => {
    child.on('error', reject);
    child.on('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])));
  });
}
