// What remains of rules, questions and probes when only one branch is asked for?
import { UsageError } from '../model/errors.ts';
import type { EvidenceId } from '../model/evidence.ts';
import type { AnyRule } from '../model/rule.ts';
import type { Question } from '../model/tree.ts';
import type { Probe } from '../probes/probe.ts';

/** Evidence from which subjects and ways are learnt, needed whatever is asked. */
const always: readonly EvidenceId[] = [
  'operator.kubeconfig',
  'operator.hints',
  'lb.tries',
  'lb.config',
  'api.ready',
  'api.version',
  'here.files',
  'kube.nodes',
  'kube.control-plane-pods',
  'kube.endpoints',
  'kube.kubeadm-config',
  'kube.may-port-forward',
  'etcd.members',
];

/** Names that `--only` takes, in the order of the walk. */
export function branchNames(tree: readonly Question[]): readonly string[] {
  return [...new Set(tree.map((question) => question.branch))];
}

/** `only` is one branch, or several with commas between them. @throws UsageError naming the branches there are. */
export function forBranch(only: string | undefined, rules: readonly AnyRule[], tree: readonly Question[], probes: readonly Probe[]) {
  if (only === undefined) return { rules, tree, probes };
  const branches = only.split(',');
  const unknown = branches.find((branch) => !branchNames(tree).includes(branch as Question['branch']));
  if (unknown !== undefined) throw new UsageError(`there is no branch "${unknown}"; there are ${branchNames(tree).join(', ')}`);
  const questions = tree.filter((question) => branches.includes(question.branch));
  const asked = new Set(questions.flatMap((question) => question.rules));
  const kept = rules.filter((rule) => asked.has(rule.id));
  const needed = new Set<EvidenceId>([...always, ...kept.flatMap((rule) => rule.needs as readonly EvidenceId[])]);
  for (let size = 0; size < needed.size; ) {
    size = needed.size;
    for (const probe of probes) if (needed.has(probe.id)) for (const id of awaited(probe)) needed.add(id);
  }
  return { rules: kept, tree: questions, probes: probes.filter((probe) => needed.has(probe.id)) };
}

function awaited({ after, afterWithoutEtcd = [], afterEvery = [] }: Probe): readonly EvidenceId[] {
  return [...after, ...afterWithoutEtcd, ...afterEvery];
}
