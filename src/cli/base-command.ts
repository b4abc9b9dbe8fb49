// What do all commands share: how they end, and what an error looks like?
import { Command, Errors } from '@oclif/core';
import { describeError } from './describe-error.ts';
import { writeError } from './output.ts';

export abstract class BaseCommand extends Command {
  /** What stands before the name of a command: `kubectl ha-doctor`, or `host ha` inside another CLI. */
  protected get program(): string {
    const topics = (this.id ?? '').split(':').slice(0, -1);
    return [this.config.bin, ...topics].join(' ');
  }

  /** What to type to diagnose: the default command needs no name, except inside another CLI. */
  protected get diagnosis(): string {
    return (this.id ?? '').includes(':') ? `${this.program} diagnose` : this.program;
  }

  /** Every error ends here: one sentence and a documented exit code, never a stack trace unless asked for. */
  protected override async catch(error: unknown): Promise<never> {
    if (error instanceof Errors.ExitError) throw error;
    const { text, exitCode } = describeError(error, `${this.config.bin} ${this.config.version}`);
    await writeError(text);
    throw new Errors.ExitError(exitCode);
  }
}
