// How does a cluster that lost its quorum come back, without losing what its survivors hold?
import { shellWord } from '../../../src/judge/shell-word.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import type { Member } from '../../../src/model/topology.ts';
import { lookAt, readLog, start, stop, tryAgain } from '../../../src/judge/readings/component-home.ts';
import { type EtcdHome, etcdHome } from '../../../src/judge/readings/etcd-home.ts';
import { endpointOf, nodeOf } from '../../../src/judge/readings/etcdctl.ts';
import { statusOf } from '../../../src/judge/readings/member-words.ts';
import type { Electorate } from '../../../src/judge/readings/voters.ts';
import { restoreEverywhere } from './restore.ts';
import { saveSnapshot } from './save-snapshot.ts';

/** Save what lives, bring one voter back, and only if that is impossible restore. */
export function planRecovery(seen: Seen, electorate: Electorate): readonly Fix[] {
  const survivor = newestOf(seen, electorate.leaderless);
  const [first] = electorate.silent;
  const home = etcdHome(seen, electorate.voters);
  if (home.kind === 'k3s' || home.kind === 'rke2') return resetServer(home, home.kind, survivor ?? first);
  if (home.kind === 'other') return elsewhere(survivor ?? first);
  const copy = survivor === undefined ? undefined : saveSurvivor(seen, home, survivor);
  return [
    ...(copy === undefined ? [] : [copy.fix]),
    ...(first === undefined ? [] : bringBack(home, first)),
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

function saveSurvivor(seen: Seen, home: EtcdHome, member: Member): Copy {
  const node = nodeOf(member);
  const port = seen.peek('etcd.client-port', member.subject);
  if (port?.state === 'known' && port.value.outcome.kind === 'failed') return copyFolder(home, node);
  const file = `${node}-survivor.db`;
  return { fix: saveSnapshot(seen, member, file, say('Save the live copy on {node}; this works without a quorum', { node })), file };
}

/** A member that serves no client cannot be asked for a snapshot; its folder can be copied once it stands still. */
function copyFolder(home: EtcdHome, node: string): Copy {
  const folder = shellWord(home.folder);
  const fix: Fix = {
    do: say('Save the copy on {node}: it serves no client, so stop it for a moment and copy its folder', { node }),
    where: node,
    run: [...stop(home), `cp -aT ${folder} /root/etcd-survivor`, ...start(home)],
    risk: 'low',
    needs: [home.need],
    verify: ['ls -l /root/etcd-survivor/member/snap/db'],
  };
  return { fix, file: '/root/etcd-survivor/member/snap/db' };
}

function bringBack(home: EtcdHome, member: Member): readonly Fix[] {
  const node = nodeOf(member);
  const folder = shellWord(home.folder);
  const look = [...lookAt(home), `ls -l ${folder}/member; df -h ${folder}`, ...readLog(home, { lines: 20 })];
  return [
    { do: say('See why etcd stopped on {node}', { node }), where: node, run: look, risk: 'none', needs: [], verify: [] },
    {
      do:
        home.kind === 'service'
          ? 'Mend what that shows, then start it again; one more voter is enough'
          : 'Mend what that shows, then let the kubelet start it again; one more voter is enough',
      where: node,
      run: tryAgain(home),
      risk: 'medium',
      needs: [{ text: say('{folder}/member on {node} is intact', { folder: home.folder, node }), met: 'unknown' }],
      verify: [`etcdctl --endpoints ${shellWord(endpointOf(member))} endpoint health`],
    },
  ];
}

/** k3s and RKE2 make a cluster of one out of what one server holds; the others join it with empty folders. */
function resetServer(home: EtcdHome, kind: 'k3s' | 'rke2', member: Member | undefined): readonly Fix[] {
  if (member === undefined) return [];
  const node = nodeOf(member);
  const unit = kind === 'k3s' ? 'k3s' : 'rke2-server';
  const database = `/var/lib/rancher/${kind}/server/db`;
  return [
    {
      do: 'See why the servers stopped, and start those whose data are intact again; one more voter is enough',
      where: 'each server',
      run: [`systemctl status ${unit} --no-pager; journalctl -u ${unit} -n 20 --no-pager`, `systemctl start ${unit}`],
      risk: 'medium',
      needs: [home.need],
      verify: ['kubectl get nodes'],
    },
    {
      do: say('Only if the others are lost for good: stop every server, copy the data of {node}, and make a cluster of one out of it', {
        node,
      }),
      where: node,
      run: [`systemctl stop ${unit}`, `cp -a ${database} /root/${kind}-db`, `${kind} server --cluster-reset`, `systemctl start ${unit}`],
      risk: 'high',
      needs: [home.need, { text: 'every other server is stopped and will join with an empty folder', met: 'unknown' }],
      verify: ['kubectl get nodes'],
      undo: [`systemctl stop ${unit}`, `rm -rf ${database} && cp -a /root/${kind}-db ${database}`],
    },
  ];
}

/** Whoever made the machines has a way of their own, and static pods are none of it. */
function elsewhere(member: Member | undefined): readonly Fix[] {
  if (member === undefined) return [];
  const text = say('Bring {node} back, or recover with the tool that made these machines: commands for kubeadm would miss their etcd', {
    node: nodeOf(member),
  });
  return [{ do: text, where: 'here', run: [], risk: 'none', needs: [], verify: [] }];
}
