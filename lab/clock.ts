// Can the clock of this lab's programs be moved?
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { LabHandle } from './handle.ts';

/** Read once at a program's start, as a Go duration; only the lab's own builds know it. */
export const wallClockOffset = 'HA_DOCTOR_WALL_OFFSET';

/**
 * A fault that does nothing must not look like one.
 * @throws Error when the lab runs binaries that somebody else built.
 */
export async function assertMovableClock(lab: LabHandle, program: string): Promise<void> {
  const binary = await readFile(join(lab.binaries, program));
  if (binary.includes(wallClockOffset)) return;
  throw new Error(`${program} in ${lab.binaries} has no movable clock; this fault needs the lab's own build`);
}
