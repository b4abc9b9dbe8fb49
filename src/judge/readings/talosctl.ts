// With which words is a machine without a shell looked at?
import type { Seen } from '../../model/rule.ts';
import { shellWord } from '../shell-word.ts';

/** Talos has neither a shell nor systemd; what it runs is asked from afar. */
export function hasNoShell({ topology }: Seen): boolean {
  return topology.platform.kind === 'talos';
}

/** By the machine's address where it is known; its API knows no other. */
export function talosctl({ topology }: Seen, node: string, words: string): string {
  const host = topology.machines.find((one) => one.subject.id === node)?.host ?? node;
  return `talosctl -n ${shellWord(host)} ${words}`;
}
