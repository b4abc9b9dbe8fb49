// What does the command line of `diagnose` look like?
import { BaseCommand } from '../src/cli/base-command.ts';
import { exitMeanings } from '../src/cli/exit-codes.ts';
import { diagnoseFlags, nameTheCluster } from '../src/cli/flags.ts';

export default class Diagnose extends BaseCommand {
  static override summary = 'Find out why the control plane is sick, and rank the causes.';
  static override description = [
    'Looks at the API servers, etcd, the load balancer, leases, certificates and clocks, and changes nothing. Runs when no command is named.',
    ['Exit codes:', ...exitMeanings.map(([code, meaning]) => `${String(code).padEnd(3)}  ${meaning}`)].join('\n'),
  ].join('\n\n');
  static override usage = '<%= command.id %> [flags]';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --only etcd --etcd-cacert ca.crt --etcd-cert client.crt --etcd-key client.key',
    '<%= config.bin %> <%= command.id %> --record ./evidence',
    '<%= config.bin %> <%= command.id %> --from ./evidence -o json',
  ];
  static override flags = diagnoseFlags;

  async run(): Promise<void> {
    const { flags } = await this.parse(Diagnose);
    const { runDiagnosis } = await import('../src/cli/run-diagnosis.ts');
    this.exit(await runDiagnosis(flags, { program: this.diagnosis, withFlags: nameTheCluster(flags) }));
  }
}
