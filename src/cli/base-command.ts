// What do all commands share: how they end, and what an error looks like?
import { Command, Errors } from '@oclif/core';
import { describeError } from './describe-error.ts';
import { writeError } from './output.ts';

export abstract class BaseCommand extends Command {
  /** What to type to run the tool again, such as `kubectl ha-doctor`, or `host ha diagnose` inside another CLI. */
  protected get program(): string {
    const id = this.id ?? '';
    return id.includes(':') ? `${this.config.bin} ${id.replaceAll(':', ' ')}` : this.config.bin;
  }

  /** Every error ends here: one sentence and a documented exit code, never a stack trace unless asked for. */
  protected override async catch(error: unknown): Promise<never> {
    if (error instanceof Errors.ExitError) throw error;
    const { text, exitCode } = describeError(error, `${this.config.bin} ${this.config.version}`);
    await writeError(text);
    throw new Errors.ExitError(exitCode);
  }
}
