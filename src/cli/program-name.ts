// Under which name was the tool called?
import { basename } from 'node:path';

/** kubectl runs plugins as `kubectl-ha_doctor`; people type `kubectl ha-doctor`. */
export function programName(calledAs: string): string {
  return basename(calledAs).startsWith('kubectl-') ? 'kubectl ha-doctor' : 'ha-doctor';
}
