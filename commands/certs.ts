// What does the command line of `certs` look like?
import { BaseCommand } from '../src/cli/base-command.ts';
import { viewFlags } from '../src/cli/flags.ts';

export default class Certs extends BaseCommand {
  static override summary = 'Show every certificate of the control plane: until when, where seen, who must restart after renewal.';
  static override description =
    'What `kubeadm certs check-expiration` says of one machine, for all of them, by what they serve; files where they can be read. Dates count by the servers’ clocks. A question mark is something nobody could look at. Ends with the exit code of `diagnose --only certificates`.';
  static override usage = '<%= command.id %> [flags]';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --etcd-cacert ca.crt',
    '<%= config.bin %> <%= command.id %> --from ./evidence -o json',
  ];
  static override flags = viewFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Certs);
    const { runView } = await import('../src/cli/run-view.ts');
    this.exit(await runView('certs', flags, this.diagnosis));
  }
}
