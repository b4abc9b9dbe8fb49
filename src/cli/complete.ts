// Which words can follow on the command line?
import type { Command } from '@oclif/core';
import { diagnoseFlags } from './flags.ts';

type Commands = Readonly<Record<string, Pick<Command.Class, 'flags' | 'summary'>>>;
type Choice = readonly [word: string, about: string];

/** Cobra's directives to the shell: offer no files, or offer what files there are. */
const noFiles = ':4';
const files = ':0';
const fileFlags = ['kubeconfig', 'etcd-cacert', 'etcd-cert', 'etcd-key', 'record', 'from', 'haproxy-stats'];

/**
 * The answer to `kubectl_complete-ha_doctor <words> <word being typed>`: a word a line, with what it means behind a
 * tab, and a directive last (the protocol of kubectl's plugin completion).
 */
export async function complete(words: readonly string[], commands: Commands): Promise<string> {
  const typed = words.at(-1) ?? '';
  const before = words.slice(0, -1);
  const flag = valueExpected(before.at(-1) ?? '');
  if (flag !== undefined && fileFlags.includes(flag)) return `${files}\n`;
  const choices = flag === undefined ? await nextWords(before, typed, commands) : await valuesOf(flag);
  const fitting = choices.filter(([word]) => word.startsWith(typed));
  return `${[...fitting.map(([word, about]) => (about === '' ? word : `${word}\t${about}`)), noFiles].join('\n')}\n`;
}

/** The name of a flag that waits for its value. */
function valueExpected(previous: string): string | undefined {
  const found = Object.entries(diagnoseFlags).find(
    ([name, flag]) => previous === `--${name}` || ('char' in flag && previous === `-${flag.char}`),
  );
  return found?.[1].type === 'option' ? found[0] : undefined;
}

async function valuesOf(flag: string): Promise<readonly Choice[]> {
  const definition = Object.entries(diagnoseFlags).find(([name]) => name === flag)?.[1];
  if (definition !== undefined && 'options' in definition && definition.options)
    return definition.options.map((word) => [word, ''] as const);
  if (flag !== 'only') return [];
  const { branchChoices } = await import('./show-catalogue.ts');
  return branchChoices();
}

async function nextWords(before: readonly string[], typed: string, commands: Commands): Promise<readonly Choice[]> {
  const command = before.find((word) => word in commands);
  const flags = commands[command ?? 'diagnose']?.flags ?? {};
  if (typed.startsWith('-')) return Object.entries(flags).map(([name, flag]) => [`--${name}`, flag.description ?? ''] as const);
  if (command === undefined) return Object.entries(commands).map(([name, { summary }]) => [name, summary ?? ''] as const);
  if (command !== 'explain') return [];
  const { ruleChoices } = await import('./show-catalogue.ts');
  return ruleChoices();
}
