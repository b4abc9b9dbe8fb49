// What does the command line of `rules` look like?
import { Flags } from '@oclif/core';
import { BaseCommand } from '../src/cli/base-command.ts';
import { writeResult } from '../src/cli/output.ts';

export default class Rules extends BaseCommand {
  static override summary = 'List the rules: what can be found out.';
  static override usage = '<%= command.id %> [flags]';
  static override examples = ['<%= config.bin %> <%= command.id %>', '<%= config.bin %> <%= command.id %> --area etcd'];
  static override flags = {
    area: Flags.string({ helpValue: '<area>', description: 'only the rules of one area' }),
    output: Flags.string({ char: 'o', options: ['table', 'json'], default: 'table', description: 'for people or for programs' }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Rules);
    const { showRules } = await import('../src/cli/show-catalogue.ts');
    await writeResult(showRules(flags.area, flags.output));
  }
}
