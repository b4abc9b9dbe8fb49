// Which machines does the cluster consist of?
import type { Machine, Master, Member } from '../../model/topology.ts';
import type { KnownEvidence } from './build.ts';

/** Every listed node, and every host of a master or member that no listing names. */
export function findMachines(known: KnownEvidence, masters: readonly Master[], members: readonly Member[]): readonly Machine[] {
  const machines = new Map<string, Machine>();
  for (const node of known.get('kube.nodes')?.nodes ?? []) {
    const host = node.internalAddresses[0];
    machines.set(node.name, {
      subject: { kind: 'node', id: node.name, name: node.name, keys: keysOf(node.name, masters, members) },
      ...(host !== undefined && { host }),
      controlPlane: node.controlPlane,
    });
  }
  for (const one of [...masters, ...members.filter((member) => member.started)]) {
    const node = one.subject.keys.node;
    if (node === undefined || machines.has(node)) continue;
    const keys = keysOf(node, masters, members);
    machines.set(node, { subject: { kind: 'node', id: node, name: node, keys }, host: one.host, controlPlane: true });
  }
  return [...machines.values()].sort((one, other) => (one.subject.id < other.subject.id ? -1 : 1));
}

function keysOf(node: string, masters: readonly Master[], members: readonly Member[]) {
  const apiserver = masters.find((master) => master.subject.keys.node === node)?.subject.id;
  const member = members.find((one) => one.subject.keys.node === node)?.subject.keys.member;
  return { node, ...(apiserver !== undefined && { apiserver }), ...(member !== undefined && { member }) };
}
