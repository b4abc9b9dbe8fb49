// What does the command line of `clocks` look like?
import { BaseCommand } from '../src/cli/base-command.ts';
import { deepViewFlags } from '../src/cli/flags.ts';

export default class Clocks extends BaseCommand {
  static override summary = 'Show how far each clock is from the others: this machine, API servers, etcd members, kubelets, leaders.';
  static override description =
    'Every number is a bound within which the truth lies, and each clock is proved to agree, proved off, or undecided. --deep asks for some seconds longer, for bounds of milliseconds. A question mark is something nobody could look at. Ends with the exit code of `diagnose --only clocks`.';
  static override usage = '<%= command.id %> [flags]';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --deep',
    '<%= config.bin %> <%= command.id %> --from ./evidence -o json',
  ];
  static override flags = deepViewFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Clocks);
    const { runView } = await import('../src/cli/run-view.ts');
    this.exit(await runView('clocks', flags, this.diagnosis));
  }
}
