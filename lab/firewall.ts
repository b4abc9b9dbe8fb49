// How is traffic of one machine dropped, in its own network namespace only?
import type { LabHandle } from './handle.ts';

/** Matches of nft(8) for what is dropped on the way in, on the way out, and on the way through. */
export interface Drops {
  readonly incoming: readonly string[];
  readonly outgoing: readonly string[];
  readonly passing?: readonly string[];
}

function tableName(fault: string): string {
  return `lab_${fault.replaceAll('-', '_')}`;
}

/** Drops packets under a table of the fault's own, so that faults can be combined; replaces an earlier one. */
export async function dropTraffic(lab: LabHandle, node: string, fault: string, drops: Drops): Promise<void> {
  const table = tableName(fault);
  const chain = (name: string, hook: string, matches: readonly string[]) => [
    `  chain ${name} {`,
    `    type filter hook ${hook} priority 0; policy accept;`,
    ...matches.map((match) => `    ${match} drop`),
    '  }',
  ];
  const rules = [
    `table inet ${table}`,
    `delete table inet ${table}`,
    `table inet ${table} {`,
    ...chain('incoming', 'input', drops.incoming),
    ...chain('outgoing', 'output', drops.outgoing),
    ...chain('passing', 'forward', drops.passing ?? []),
    '}',
    '',
  ].join('\n');
  await useRules(lab, node, rules);
}

/** Gives a machine's nft(8) these lines. @throws Error with what nft says against them. */
export async function useRules(lab: LabHandle, node: string, lines: string): Promise<void> {
  const outcome = await lab.nodeExec(node, ['nft', '-f', '-'], { input: lines });
  if (outcome.code !== 0) throw new Error(`nft on ${node}: ${outcome.stderr.trim()}`);
}

/**
 * Takes the fault's table away; does nothing when it is not there. Connections that lived through the fault would wait
 * up to two minutes for their next retransmission, so they are reset (as far as the kernel can do that).
 */
export async function allowTraffic(lab: LabHandle, node: string, fault: string): Promise<void> {
  const table = tableName(fault);
  await useRules(lab, node, `table inet ${table}\ndelete table inet ${table}\n`);
  await resetConnections(lab, node, ['not', 'dst', '127.0.0.0/8']);
}

/** Resets a machine's open TCP connections. @param filter as ss(8) takes it. */
export async function resetConnections(lab: LabHandle, node: string, filter: readonly string[]): Promise<void> {
  await lab.nodeExec(node, ['ss', '--kill', '--tcp', '--numeric', ...filter]);
}
