// How is a copy of etcd kept where the steps after it cannot destroy it?
import { dataFolderOf } from '../../../src/judge/readings/etcd-flags.ts';
import { etcdVersion, nodeOf, ownShell, shellOnNode, snapshotTool } from '../../../src/judge/readings/etcdctl.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';
import type { Text } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';

/**
 * With the operator's own certificate the file comes to this machine. Without one only etcd's container can be asked, on
 * its node: what it writes to its data folder lies on the node, and is moved away from there.
 */
export function saveSnapshot(seen: Seen, member: Member, file: string, words: Text): Fix {
  const tool = snapshotTool(etcdVersion(seen));
  const own = ownShell(seen, member);
  const base = { do: words, risk: 'low' as const, needs: [] };
  if (own !== undefined) {
    const name = shellWord(file);
    return { ...base, where: own.where, run: [`${own.etcdctl} snapshot save ${name}`], verify: [`${tool} snapshot status ${name}`] };
  }
  const inside = shellWord(`${dataFolderOf(seen, member)}/${file}`);
  const kept = shellWord(`/root/${file}`);
  return {
    ...base,
    where: nodeOf(member),
    run: [`${shellOnNode(seen, member).etcdctl} snapshot save ${inside}`, `mv ${inside} ${kept}`],
    verify: [`${tool} snapshot status ${kept}`],
  };
}
