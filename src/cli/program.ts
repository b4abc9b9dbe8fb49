// Under which name was the tool called, and which command is meant when none is named?
import { basename } from 'node:path';
import { diagnoseFlags } from './flags.ts';

/** kubectl runs plugins as `kubectl-ha_doctor`; people type `kubectl ha-doctor`. */
export function programName(calledAs: string): string {
  return basename(calledAs).startsWith('kubectl-') ? 'kubectl ha-doctor' : 'ha-doctor';
}

const asksForHelp = ['--help', '-h', 'help'];

/**
 * Arguments with the command in front. Flags alone mean `diagnose`, and a command may follow flags, as it may in
 * kubectl. `help` in front of a command asks for that command's help.
 */
export function arrangeArguments(given: readonly string[], commands: readonly string[]): readonly string[] {
  const [first, ...rest] = given;
  if (first === 'help' && rest[0] !== undefined && commands.includes(rest[0])) return [rest[0], '--help'];
  if (first !== undefined && (asksForHelp.includes(first) || first === '--version')) return [first];
  const position = firstPositional(given);
  const word = given[position];
  if (word === undefined) return ['diagnose', ...given];
  if (position === 0 || !commands.includes(word)) return position === 0 ? given : ['diagnose', ...given];
  return [word, ...given.slice(0, position), ...given.slice(position + 1)];
}

/** Where the first argument stands that is neither a flag nor a flag's value. */
function firstPositional(given: readonly string[]): number {
  let index = 0;
  while (index < given.length) {
    const argument = given[index] ?? '';
    if (argument === '--' || !argument.startsWith('-')) return index;
    index += takesNext(argument) ? 2 : 1;
  }
  return index;
}

function takesNext(argument: string): boolean {
  if (argument.includes('=')) return false;
  const found = Object.entries(diagnoseFlags).find(([name, flag]) => argument === `--${name}` || ('char' in flag && argument === `-${flag.char}`));
  return found?.[1].type === 'option';
}
