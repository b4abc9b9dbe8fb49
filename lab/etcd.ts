// Who leads the lab's etcd, and who are its members?
import { etcdClientUrl } from './handle.ts';
import type { LabHandle } from './handle.ts';
import type { NodePlan } from './topology.ts';

interface StatusEntry {
  readonly Endpoint: string;
  readonly Status: { readonly header: { readonly member_id: number }; readonly leader: number };
}

export interface EtcdMember {
  /** Hexadecimal, as etcdctl wants it. */
  readonly id: string;
  /** Empty while the member was never started. */
  readonly name: string;
  readonly peerUrl: string;
}

/** The machine whose etcd member is the leader. @throws Error when there is none. */
export async function findLeader(lab: LabHandle): Promise<NodePlan> {
  const text = await lab.etcdctl(['endpoint', 'status', '--write-out=json', '--command-timeout=3s']);
  // Both ids come out of the same parser, so that rounding above 2^53 does not matter.
  const leading = (JSON.parse(text) as StatusEntry[]).find((entry) => entry.Status.leader === entry.Status.header.member_id);
  const node = lab.etcdNodes.find((candidate) => etcdClientUrl(candidate) === leading?.Endpoint);
  if (node === undefined) throw new Error('etcd has no leader');
  return node;
}

/** All members in the list of one member, started or not. */
export async function listMembers(lab: LabHandle): Promise<EtcdMember[]> {
  const lines = (await lab.etcdctl(['member', 'list', '--command-timeout=3s'])).trim().split('\n');
  return lines.map((line) => line.split(', ')).map(([id = '', , name = '', peerUrl = '']) => ({ id, name, peerUrl }));
}
