// What does the command line of `explain` look like?
import { BaseCommand } from '../src/cli/base-command.ts';
import { writeResult } from '../src/cli/output.ts';

export default class Explain extends BaseCommand {
  static override summary = 'Explain a rule, or say where an error text leads.';
  static override description =
    'Takes the id of a rule, or an error text as a log or kubectl shows it; quotes around the text are not needed.';
  static override usage = '<%= command.id %> RULE | ERROR TEXT...';
  static override examples = [
    '<%= config.bin %> <%= command.id %> etcd-quorum-lost',
    "<%= config.bin %> <%= command.id %> 'etcdserver: no leader'",
    '<%= config.bin %> <%= command.id %> x509: certificate has expired or is not yet valid',
  ];
  static override strict = false;

  async run(): Promise<void> {
    const { argv } = await this.parse(Explain);
    const { showExplanation } = await import('../src/cli/show-catalogue.ts');
    await writeResult(showExplanation(argv.map(String), this.program, this.diagnosis));
  }
}
