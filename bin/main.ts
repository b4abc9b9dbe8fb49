// Where does the program begin, when it is not a plugin of another one?
import { Config, Errors, Plugin, run } from '@oclif/core';
import pjson from '../package.json' with { type: 'json' };
import { describeError } from '../src/cli/describe-error.ts';
import { writeError } from '../src/cli/output.ts';
import { arrangeArguments, programName } from '../src/cli/program.ts';
import { RootHelp } from '../src/cli/root-help.ts';
import { commands } from './commands.ts';

/** Runs one command line and gives its exit code. `root` is the folder of the package. */
export async function main(argv: readonly string[], calledAs: string, root: string): Promise<number> {
  const bin = programName(calledAs);
  try {
    // The commands are already here; oclif would look for a file to import.
    Plugin.prototype['loadCommandsFromTarget'] = async () => commands;
    const oclif = { ...pjson.oclif, bin, topics: {} };
    const config = await Config.load({ root, isRoot: true, pjson: { ...pjson, oclif } as Config['pjson'] });
    const [first = '', ...rest] = arrangeArguments(argv, Object.keys(commands));
    if (['--help', '-h', 'help'].includes(first)) await new RootHelp(config, { maxWidth: 100 }).showHelp([]);
    else if (first !== '--version' && !(first in commands)) throw new Errors.CLIError(unknownCommand(first, bin));
    else await run([first, ...rest], config);
    return 0;
  } catch (error) {
    if (error instanceof Errors.ExitError) return error.oclif.exit ?? 0;
    const { text, exitCode } = describeError(error, `${bin} ${pjson.version}`);
    await writeError(text);
    return exitCode;
  }
}

function unknownCommand(name: string, bin: string): string {
  return `there is no command "${name}"; there are ${Object.keys(commands).join(', ')}. See ${bin} --help.`;
}
