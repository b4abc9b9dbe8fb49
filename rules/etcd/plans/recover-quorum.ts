// How does a cluster that lost its quorum come back, without losing what its survivors hold?
import { shellWord } from '../../../src/judge/shell-word.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import type { Member } from '../../../src/model/topology.ts';
import { endpointOf, etcdVersion, nodeOf, shellFor, snapshotTool } from '../../../src/judge/readings/etcdctl.ts';
import { statusOf } from '../../../src/judge/readings/member.ts';
import type { Electorate } from '../../../src/judge/readings/voters.ts';
import { restoreEverywhere } from './restore.ts';

const logs = "crictl logs --tail 20 $(crictl ps -aq --name '^etcd$' | head -1)";

/** Save what lives, bring one voter back, and only if that is impossible restore. */
export function planRecovery(seen: Seen, electorate: Electorate): readonly Fix[] {
  const survivor = newestOf(seen, electorate.leaderless);
  const [first] = electorate.silent;
  const copy = survivor === undefined ? undefined : saveSurvivor(seen, survivor);
  return [
    ...(copy === undefined ? [] : [copy.fix]),
    ...(first === undefined ? [] : bringBack(first)),
    ...restoreEverywhere(seen, electorate, copy?.file),
  ];
}

/** The survivor that has seen the most of the log. */
function newestOf(seen: Seen, members: readonly Member[]): Member | undefined {
  const index = (member: Member): bigint => BigInt(statusOf(seen, member)?.raftIndex ?? '0');
  return [...members].sort((one, other) => (index(one) > index(other) ? -1 : 1))[0];
}

interface Copy {
  readonly fix: Fix;
  readonly file: string;
}

function saveSurvivor(seen: Seen, member: Member): Copy {
  const node = nodeOf(member);
  const port = seen.peek('etcd.client-port', member.subject);
  if (port?.state === 'known' && port.value.outcome.kind === 'failed') return copyFolder(node);
  const shell = shellFor(seen, member);
  const inside = shell.where !== 'here';
  const file = `${inside ? '/var/lib/etcd/' : ''}${node}-survivor.db`;
  const kept = shellWord(`/root/${node}-survivor.db`);
  const tool = snapshotTool(etcdVersion(seen));
  const fix: Fix = {
    do: say('Save the live copy on {node}; this works without a quorum', { node }),
    where: shell.where,
    run: [`${shell.etcdctl} snapshot save ${shellWord(file)}`, ...(inside ? [`mv ${shellWord(file)} ${kept}`] : [])],
    risk: 'low',
    needs: [],
    verify: [`${tool} snapshot status ${inside ? kept : shellWord(file)}`],
  };
  return { fix, file: `${node}-survivor.db` };
}

/** A member that serves no client cannot be asked for a snapshot; its folder can be copied once it stands still. */
function copyFolder(node: string): Copy {
  const fix: Fix = {
    do: say('Save the copy on {node}: it serves no client, so stop it for a moment and copy its folder', { node }),
    where: node,
    run: [
      'mkdir -p /root/held && mv /etc/kubernetes/manifests/etcd.yaml /root/held/',
      "while crictl ps -q --name '^etcd$' | grep -q .; do sleep 1; done",
      'cp -a /var/lib/etcd /root/etcd-survivor',
      'mv /root/held/etcd.yaml /etc/kubernetes/manifests/',
    ],
    risk: 'low',
    needs: [],
    verify: ['ls -l /root/etcd-survivor/member/snap/db'],
  };
  return { fix, file: '/root/etcd-survivor/member/snap/db' };
}

function bringBack(member: Member): readonly Fix[] {
  const node = nodeOf(member);
  const look = ['ls -l /etc/kubernetes/manifests /var/lib/etcd/member; df -h /var/lib/etcd', logs];
  return [
    { do: say('See why etcd stopped on {node}', { node }), where: node, run: look, risk: 'none', needs: [], verify: [] },
    {
      do: 'Mend what that shows, then let the kubelet start it again; one more voter is enough',
      where: node,
      run: ['systemctl restart kubelet'],
      risk: 'medium',
      needs: [{ text: say('/var/lib/etcd/member on {node} is intact', { node }), met: 'unknown' }],
      verify: [`etcdctl --endpoints ${shellWord(endpointOf(member))} endpoint health`],
    },
  ];
}
