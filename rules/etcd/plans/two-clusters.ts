// How is it found out which of two sets of data is the right one, and nothing lost meanwhile?
import { endpointOf, nodeOf } from '../../../src/judge/readings/etcdctl.ts';
import { etcdHome } from '../../../src/judge/readings/etcd-home.ts';
import { silenceOfForeign } from '../../../src/judge/readings/member.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';
import { saveSnapshot } from './save-snapshot.ts';

/** Side by side what each member calls its cluster and how far its data go. */
export function compareMembers(seen: Seen): Fix {
  const endpoints = shellWord(seen.topology.members.map(endpointOf).join(','));
  return {
    do: 'Find the right one: the cluster the API servers write to has the highest revision and most members',
    where: 'here',
    run: [
      `etcdctl --endpoints ${endpoints} endpoint status -w json | grep -oE '"(Endpoint|cluster_id|member_id|revision|raft_term)":[^,}]*'`,
    ],
    risk: 'none',
    needs: [],
    verify: [],
  };
}

/** Before anything is thrown away, one copy of each. */
export function saveBoth(seen: Seen, members: readonly Member[]): readonly Fix[] {
  return members.map((member) => {
    const node = nodeOf(member);
    if (silenceOfForeign(seen, member) !== undefined) return copyFolder(seen, member, node);
    return saveSnapshot(seen, member, `${node}-aside.db`, say('Save what {node} holds before anything of it is thrown away', { node }));
  });
}

/** One that serves no client gives no snapshot. */
function copyFolder(seen: Seen, member: Member, node: string): Fix {
  const { folder, need } = etcdHome(seen, [member]);
  const kept = shellWord(`/root/${node}-aside`);
  return {
    do: say('Copy what {node} holds before anything of it is thrown away: it serves nobody, and so gives no snapshot', { node }),
    where: node,
    run: [`test -e ${kept} || cp -aT ${shellWord(folder)} ${kept}`],
    risk: 'low',
    needs: [need],
    verify: [`ls -l ${kept}/member/snap/db`],
  };
}
