// With which number does the tool end, and what does each mean?

/** Shown by --help too. 3 beats 5 beats 4. */
export const exitCodes = {
  healthy: 0,
  bug: 1,
  usage: 2,
  critical: 3,
  warning: 4,
  incomplete: 5,
  interrupted: 130,
} as const;
