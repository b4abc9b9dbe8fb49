// Which steps do the repairs of several etcd rules share?
import { shellWord } from '../shell-word.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Fix, Seen } from '../../model/rule.ts';
import type { Member } from '../../model/topology.ts';
import { lookAt, mendWords, readLog, tryAgain } from './component-home.ts';
import type { CommandEvidence } from './etcd-flags.ts';
import { etcdHome } from './etcd-home.ts';
import { endpointOf, nodeOf, shellFor } from './etcdctl.ts';
import type { MemberEvidence } from './member.ts';
import { countVoters, memberIdOf, namesOf, quorumAfterRemovalOf, quorumWithout } from './voters.ts';

/** The containers of pods that were kept from their processor by a limit. */
export const findThrottled = "find /sys/fs/cgroup -name cpu.stat -path '*kubepods*' -exec grep -H 'nr_throttled [1-9]' {} +";

/** The member of a verdict's subject. */
export function memberAt(seen: Seen, subjectId: string): Member | undefined {
  return seen.topology.members.find((member) => member.subject.id === subjectId);
}

export function lookAtProcess(seen: Seen<CommandEvidence>, member: Member): Fix {
  const home = etcdHome(seen, [member]);
  const folder = shellWord(home.folder);
  const node = nodeOf(member);
  const base = { where: node, risk: 'none', needs: [], verify: [] } as const;
  if (home.kind === 'other')
    return { ...base, where: 'here', do: say('See what stopped etcd on {node}, by the tool that made the machine', { node }), run: [] };
  const run = [...lookAt(home), `ls -l ${folder}/member; df -h ${folder}`, ...readLog(home, { lines: 20 })];
  return { ...base, do: say('See what stopped etcd on {node}', { node }), run };
}

export function restartMember(seen: Seen<MemberEvidence | CommandEvidence>, member: Member): Fix {
  const node = nodeOf(member);
  const home = etcdHome(seen, [member]);
  return {
    do: mendWords(home),
    where: home.kind === 'other' ? 'here' : node,
    run: tryAgain(home),
    risk: 'medium',
    needs: [{ text: 'the other voters keep a quorum', met: quorumWithout(seen, [member]) }],
    verify: [`etcdctl --endpoints ${shellWord(endpointOf(member))} endpoint status`],
  };
}

/** Empty unless the id is known and it is proved that those who stay have a quorum of their own. */
export function replaceMember(seen: Seen<MemberEvidence | 'kube.nodes'>, member: Member): readonly Fix[] {
  const id = memberIdOf(member);
  const helper = countVoters(seen).led.find((one) => one !== member);
  if (id === undefined || helper === undefined || quorumAfterRemovalOf(seen, member) !== 'yes') return [];
  const node = nodeOf(member);
  const shell = shellFor(seen, helper);
  const remove: Fix = {
    do: say('Only if the data on {node} is lost or wrong: take its member out', { node }),
    where: shell.where,
    run: [`${shell.etcdctl} member remove ${shellWord(id)}`],
    risk: 'high',
    needs: [
      { text: 'those who stay have a quorum', met: 'yes' },
      { text: 'a fresh snapshot was taken', met: 'unknown' },
      { text: say('{node} cannot come back with its data', { node }), met: 'unknown' },
    ],
    verify: [`${shell.etcdctl} member list`],
  };
  if (seen.topology.platform.kind !== 'kubeadm' || seen.topology.etcd === 'external') return [remove];
  const join: Fix = {
    do: say('Then make {node} a master anew: its old /var/lib/etcd moved away, run there what this prints; the join adds the member', {
      node,
    }),
    where: nodeOf(helper),
    run: ['kubeadm token create --print-join-command --certificate-key $(kubeadm init phase upload-certs --upload-certs | tail -1)'],
    risk: 'high',
    needs: [{ text: say('member {id} is out of the list', { id }), met: 'unknown' }],
    verify: [`etcdctl --endpoints ${shellWord(endpointOf(member))} endpoint status`],
  };
  return [remove, join];
}

/** What must not be stopped now, because the quorum rests on every one of these. */
export function doNotStop(seen: Seen<MemberEvidence>): readonly Text[] {
  const { led, quorum } = countVoters(seen);
  return led.length > 0 && led.length <= quorum
    ? [say('restart, defragment or drain {members}: each is needed for the quorum', { members: namesOf(led) })]
    : [];
}
