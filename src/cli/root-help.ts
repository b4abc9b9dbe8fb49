// What does `--help` without a command say?
import { Help } from '@oclif/core';
import { exitMeanings } from './exit-codes.ts';

/** oclif's overview of the commands, with what it cannot know: the default command and the exit codes. */
export class RootHelp extends Help {
  override formatRoot(): string {
    const { bin, pjson } = this.config;
    const codes = exitMeanings.map(([code, meaning]) => `  ${String(code).padStart(3)}  ${meaning}`);
    return [
      pjson.description ?? '',
      '',
      'USAGE',
      `  $ ${bin} [flags]            diagnose; its flags: ${bin} diagnose --help`,
      `  $ ${bin} COMMAND`,
      '',
      'EXIT CODES',
      ...codes,
    ].join('\n');
  }
}
