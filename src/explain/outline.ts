// How is the decision tree written with letters only?
import type { Question } from '../model/tree.ts';

export interface OutlineSigns {
  readonly fork: string;
  readonly last: string;
  readonly through: string;
}

/** Branch by branch: each question, whether it is vital, and the rules that answer it. */
export function outlineTree(tree: readonly Question[], signs: OutlineSigns): string {
  const branches = [...new Set(tree.map((question) => question.branch))];
  const names = new Map(tree.map((question) => [question.id, question.ask]));
  return branches
    .map(
      (branch) =>
        `${branch}\n${outlineBranch(
          tree.filter((question) => question.branch === branch),
          names,
          signs,
        )}`,
    )
    .join('\n');
}

function outlineBranch(questions: readonly Question[], names: ReadonlyMap<string, string>, signs: OutlineSigns): string {
  return questions
    .map((question, index) => {
      const last = index === questions.length - 1;
      const lead = last ? '   ' : `${signs.through}  `;
      const lines = [...question.rules, ...goOn(question, 'no', names), ...goOn(question, 'yes', names)];
      const vital = question.vital ? '' : '  (not vital)';
      return [`${last ? signs.last : signs.fork} ${question.ask}${vital}`, ...lines.map((line) => `${lead}   ${line}`), ''].join('\n');
    })
    .join('');
}

function goOn(question: Question, answer: 'yes' | 'no', names: ReadonlyMap<string, string>): readonly string[] {
  const next = question.next[answer].map((id) => names.get(id)).filter((ask) => ask !== undefined);
  return next.length === 0 ? [] : [`if ${answer}, go on with: ${next.join(' · ')}`];
}
