// What does the command line of `leaders` look like?
import { BaseCommand } from '../src/cli/base-command.ts';
import { leaderFlags } from '../src/cli/flags.ts';

export default class Leaders extends BaseCommand {
  static override summary = 'Show who leads the controller manager, the scheduler and whoever else keeps a lease in kube-system.';
  static override description =
    'Holder, its node and pod, the age of the last renewal by the clocks of the cluster, how often the lead moved, who could take over, and by which lock and timings (lease/renew/retry) leaders are elected. A question mark is something nobody could look at. Ends with the exit code of `diagnose --only leases`.';
  static override usage = '<%= command.id %> [flags]';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --deep',
    '<%= config.bin %> <%= command.id %> --lease ingress-nginx/ingress-nginx-leader',
    '<%= config.bin %> <%= command.id %> --from ./evidence -o json',
  ];
  static override flags = leaderFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Leaders);
    const { runView } = await import('../src/cli/run-view.ts');
    this.exit(await runView('leaders', flags, this.diagnosis));
  }
}
