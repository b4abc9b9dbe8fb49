// What does the command line of `tree` look like?
import { Flags } from '@oclif/core';
import { BaseCommand } from '../src/cli/base-command.ts';
import { writeResult } from '../src/cli/output.ts';

export default class Tree extends BaseCommand {
  static override summary = 'Show the decision tree: its questions, and the rules that answer them.';
  static override usage = '<%= command.id %> [flags]';
  static override examples = [
    '<%= config.bin %> <%= command.id %>',
    '<%= config.bin %> <%= command.id %> --only etcd',
    '<%= config.bin %> <%= command.id %> -o mermaid',
  ];
  static override flags = {
    only: Flags.string({ helpValue: '<branch>', description: 'one branch' }),
    output: Flags.string({
      char: 'o',
      options: ['table', 'mermaid', 'json'],
      default: 'table',
      description: 'for people, as a drawing, or for programs',
    }),
  };

  async run(): Promise<void> {
    const { flags } = await this.parse(Tree);
    const { showTree } = await import('../src/cli/show-catalogue.ts');
    await writeResult(showTree(flags.only, flags.output));
  }
}
