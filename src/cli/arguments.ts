// Which command is meant when none is named, or when it is named late?
import { diagnoseFlags } from './flags.ts';

export function asksForHelp(argument: string): boolean {
  return ['--help', '-h', 'help'].includes(argument);
}

/**
 * Arguments with the command in front. Flags alone mean `diagnose`, and a command may follow flags, as it may in
 * kubectl. `help` in front of a command asks for that command's help.
 */
export function arrangeArguments(given: readonly string[], commands: readonly string[]): readonly string[] {
  const [first, second] = given;
  if (first === 'help' && second !== undefined && commands.includes(second)) return [second, '--help'];
  if (first !== undefined && asksForHelp(first)) return [first];
  const position = firstPositional(given);
  const word = given[position];
  if (position === 0 && word !== undefined) return given;
  if (word === undefined || !commands.includes(word)) return ['diagnose', ...given];
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
  return findFlag(argument)?.type === 'option';
}

/** The flag an argument such as `--context` or `-o` stands for; none when it carries its value itself. */
function findFlag(argument: string): { readonly type: string; readonly options?: readonly string[] } | undefined {
  const found = Object.entries(diagnoseFlags).find(
    ([name, flag]) => argument === `--${name}` || ('char' in flag && argument === `-${flag.char}`),
  );
  return found?.[1] as { readonly type: string; readonly options?: readonly string[] } | undefined;
}
