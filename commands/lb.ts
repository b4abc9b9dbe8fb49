// What does the command line of `lb` look like?
import { BaseCommand } from '../src/cli/base-command.ts';
import { viewFlags } from '../src/cli/flags.ts';

export default class Lb extends BaseCommand {
  static override summary = 'Show each server behind the load balancer: what it says of it, and what is seen directly.';
  static override description =
    'A question mark is something nobody could look at. Ends with the exit code of `diagnose --only api,load-balancer`.';
  static override usage = '<%= command.id %> [flags]';
  static override examples = [
    '<%= config.bin %> <%= command.id %> --haproxy-stats /run/haproxy/admin.sock',
    '<%= config.bin %> <%= command.id %> --lb-config lb1=./lb1/haproxy.cfg --lb-config lb2=./lb2/haproxy.cfg',
    '<%= config.bin %> <%= command.id %> --from ./evidence -o json',
  ];
  static override flags = viewFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Lb);
    const { runView } = await import('../src/cli/run-view.ts');
    this.exit(await runView('lb', flags, this.diagnosis));
  }
}
