// How does a member that keeps ending come to stay, depending on what it ends of?
import { editSettings, showSettings } from '../../../src/judge/plans/change-settings.ts';
import { start, stop } from '../../../src/judge/readings/component-home.ts';
import { etcdHome } from '../../../src/judge/readings/etcd-home.ts';
import { nodeOf } from '../../../src/judge/readings/etcdctl.ts';
import { lookAtProcess, replaceMember, restartMember } from '../../../src/judge/readings/member-fixes.ts';
import { quorumWithout } from '../../../src/judge/readings/voters.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';

/** Looks first; then what this ending needs. Data is put aside only where the others do without it, before the member is replaced. */
export function planForEnding(seen: Seen, member: Member, reason: string): readonly Fix[] {
  if (reason === 'wiped' || reason === 'removed' || reason === 'inconsistent')
    return [lookAtProcess(seen, member), ...keepData(seen, member), ...replaceMember(seen, member)];
  const look = lookFor(seen, member, reason);
  return [look ?? lookAtProcess(seen, member), restartMember(seen, member)];
}

/** The kubelet would start it again into the folder that is being moved. Without a quorum of the others it may be the last good copy. */
function keepData(seen: Seen, member: Member): readonly Fix[] {
  const home = etcdHome(seen, [member]);
  if (quorumWithout(seen, [member]) !== 'yes' || (home.kind !== 'static-pod' && home.kind !== 'service')) return [];
  const [folder, kept] = [home.folder, `${home.folder}.kept-${Math.floor(seen.startedAt / 1000)}`].map(shellWord);
  return [
    {
      do: say('Stop the attempts on {node} and put its data aside', { node: nodeOf(member) }),
      where: nodeOf(member),
      run: [[...stop(home), `{ [ ! -e ${folder} ] || [ -e ${kept} ] || mv ${folder} ${kept}; }`].join(' && ')],
      risk: 'medium',
      needs: [{ text: 'the other voters have a quorum without it', met: 'yes' }, home.need],
      verify: [`ls -ld ${kept}`],
      undo: [`mv -T ${kept} ${folder}`, ...start(home)],
    },
  ];
}

function lookFor(seen: Seen, member: Member, reason: string): Fix | undefined {
  const node = nodeOf(member);
  const home = etcdHome(seen, [member]);
  const folder = shellWord(home.folder);
  const looks: Readonly<Record<string, Pick<Fix, 'do' | 'run' | 'undo'>>> = {
    flag: {
      do: say('Take the flag that its log names out of the settings of etcd on {node}, or give it a value etcd accepts', { node }),
      ...editSettings(seen, home, 'the flag that the log names'),
    },
    'initial-cluster': {
      do: say('Compare the lists and addresses in the settings of etcd on {node} with those of a member that runs', { node }),
      run: showSettings(home, '--(name|initial|listen-peer|advertise)'),
    },
    certificate: {
      do: say('Put the certificate or key that its log names back in its place on {node}', { node }),
      run: [
        ...(home.kind === 'static-pod' ? ['ls -l /etc/kubernetes/pki/etcd'] : []),
        ...showSettings(home, '--(cert|key|trusted-ca|peer-)'),
      ],
    },
    'no-space': {
      do: say('Make room on the disk of {node}; never below {folder}/member', { node, folder }),
      run: [
        `df -h ${folder}; df -i ${folder}`,
        `du -xh --max-depth=2 "$(df --output=target ${folder} | tail -1)" 2>/dev/null | sort -h | tail -15`,
      ],
    },
    port: {
      do: say('See who has the ports of etcd on {node}, and whether the machine has the address', { node }),
      run: ["ss -Hltnp 'sport = :2379 or sport = :2380 or sport = :2381'", 'ip -br address'],
    },
    memory: {
      do: say('See who uses the memory of {node}; a control-plane machine runs nothing else', { node }),
      run: ['free -m', 'ps -eo rss,comm --sort=-rss | head -12', "dmesg -T | grep -i 'out of memory' | tail -5"],
    },
  };
  const found = looks[reason];
  return (
    found && {
      ...found,
      where: node,
      risk: reason === 'flag' ? 'medium' : 'none',
      needs: [],
      verify: [],
    }
  );
}
