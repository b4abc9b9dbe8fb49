// How does a member that keeps ending come to stay, depending on what it ends of?
import { shellWord } from '../../../src/judge/shell-word.ts';
import { dataFolderOf } from '../../../src/judge/readings/etcd-flags.ts';
import { nodeOf } from '../../../src/judge/readings/etcdctl.ts';
import { lookAtProcess, replaceMember, restartMember } from '../../../src/judge/readings/member-fixes.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';

const manifest = '/etc/kubernetes/manifests/etcd.yaml';

/** Looks first; then what this ending needs. Data is copied before a member is replaced. */
export function planForEnding(seen: Seen, member: Member, reason: string): readonly Fix[] {
  if (reason === 'wiped' || reason === 'removed' || reason === 'inconsistent')
    return [keepData(seen, member), ...replaceMember(seen, member)];
  const look = lookFor(seen, member, reason);
  return [look ?? lookAtProcess(member), restartMember(seen, member)];
}

/** The kubelet would start it again into the folder that is being moved. */
function keepData(seen: Seen<'kube.control-plane-pods' | 'here.files'>, member: Member): Fix {
  const folder = dataFolderOf(seen, member);
  const kept = `${folder}.kept-${Math.floor(seen.startedAt / 1000)}`;
  return {
    do: say('Stop the attempts on {node} and put its data aside', { node: nodeOf(member) }),
    where: nodeOf(member),
    run: [
      'mkdir -p /root/held && mv /etc/kubernetes/manifests/etcd.yaml /root/held/',
      "while crictl ps -q --name '^etcd$' | grep -q .; do sleep 1; done",
      `[ ! -e ${shellWord(folder)} ] || mv ${shellWord(folder)} ${shellWord(kept)}`,
    ],
    risk: 'medium',
    needs: [],
    verify: [`ls -ld ${shellWord(kept)}`],
    undo: [`mv ${shellWord(kept)} ${shellWord(folder)}`, 'mv /root/held/etcd.yaml /etc/kubernetes/manifests/'],
  };
}

function lookFor(seen: Seen<'kube.control-plane-pods' | 'here.files'>, member: Member, reason: string): Fix | undefined {
  const node = nodeOf(member);
  const folder = shellWord(dataFolderOf(seen, member));
  const looks: Readonly<Record<string, Pick<Fix, 'do' | 'run'>>> = {
    flag: {
      do: say('Take the flag that its log names out of the manifest on {node}, or give it a value etcd accepts', { node }),
      run: [`cp -a ${manifest} /root/etcd.yaml.before`, `vi ${manifest}`],
    },
    'initial-cluster': {
      do: say('Compare the lists and addresses in the manifest on {node} with those of a member that runs', { node }),
      run: [`grep -E -- '--(name|initial|listen-peer|advertise)' ${manifest}`],
    },
    certificate: {
      do: say('Put the certificate or key that its log names back in its place on {node}', { node }),
      run: ['ls -l /etc/kubernetes/pki/etcd', `grep -E -- '--(cert|key|trusted-ca|peer-)' ${manifest}`],
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
      ...(reason === 'flag' && { undo: [`cp -a /root/etcd.yaml.before ${manifest}`] }),
    }
  );
}
