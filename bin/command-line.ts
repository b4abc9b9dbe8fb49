// How does oclif get to run one command line?
import { Config, Errors, Plugin, run } from '@oclif/core';
import pjson from '../package.json' with { type: 'json' };
import { arrangeArguments, asksForHelp } from '../src/cli/arguments.ts';
import { complete } from '../src/cli/complete.ts';
import { describeError } from '../src/cli/describe-error.ts';
import { writeError, writeResult } from '../src/cli/output.ts';
import { RootHelp } from '../src/cli/root-help.ts';
import { commands } from './commands.ts';

export async function runCommandLine(argv: readonly string[], program: string, root: string): Promise<number> {
  try {
    if (argv[0] === '__complete') {
      await writeResult(await complete(argv.slice(1), commands));
      return 0;
    }
    await runArranged(arrangeArguments(argv, Object.keys(commands)), program, root);
    return 0;
  } catch (error) {
    if (error instanceof Errors.ExitError) return error.oclif.exit ?? 0;
    const { text, exitCode } = describeError(error, `${program} ${pjson.version}`);
    await writeError(text);
    return exitCode;
  }
}

async function runArranged(argv: readonly string[], program: string, root: string): Promise<void> {
  const [first = ''] = argv;
  // The commands are already here; oclif would look for a file to import. It sorts them, which loads the rules of languages:
  // one that runs needs no order.
  const needed = first in commands ? { [first]: commands[first as keyof typeof commands] } : commands;
  Plugin.prototype['loadCommandsFromTarget'] = async () => needed;
  const oclif = { ...pjson.oclif, bin: program, topics: {} };
  const config = await Config.load({ root, isRoot: true, pjson: { ...pjson, oclif } as Config['pjson'] });
  if (asksForHelp(first)) await new RootHelp(config, { maxWidth: 100 }).showHelp([]);
  else if (first in commands) await run([...argv], config);
  else throw new Errors.CLIError(`there is no command "${first}"; there are ${Object.keys(commands).join(', ')}. See ${program} --help.`);
}
