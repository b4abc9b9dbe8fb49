// What does the command line of `etcd` look like?
import { BaseCommand } from '../src/cli/base-command.ts';
import { viewFlags } from '../src/cli/flags.ts';

export default class Etcd extends BaseCommand {
  static override summary = 'Show every etcd member: dead, never started and learning ones too.';
  static override description =
    'What `etcdctl endpoint status --cluster` cannot show without a quorum, without a certificate, or of a member that is down. A question mark is something nobody could look at. Ends with the exit code of `diagnose --only etcd`.';
  static override usage = '<%= command.id %> [flags]';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --etcd-cacert ca.crt --etcd-cert client.crt --etcd-key client.key',
    '<%= config.bin %> <%= command.id %> --from ./evidence -o json',
  ];
  static override flags = viewFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Etcd);
    const { runView } = await import('../src/cli/run-view.ts');
    this.exit(await runView('etcd', flags, this.diagnosis));
  }
}
