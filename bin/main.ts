// Where does the program begin, when it is not a plugin of another one?
import pjson from '../package.json' with { type: 'json' };
import { writeResult } from '../src/cli/output.ts';
import { programName } from '../src/cli/program-name.ts';

/** Runs one command line and gives its exit code. `root` is the folder of the package. */
export async function main(argv: readonly string[], calledAs: string, root: string): Promise<number> {
  const program = programName(calledAs);
  if (argv[0] === '--version') {
    await writeResult(`${pjson.name}/${pjson.version} ${process.platform}-${process.arch} node-${process.version}\n`);
    return 0;
  }
  const { runCommandLine } = await import('./command-line.ts');
  return runCommandLine(argv, program, root);
}
