// What do the decision tree and the causal graph look like as drawings?
import type { AnyRule, Edge } from '../model/rule.ts';
import type { Question } from '../model/tree.ts';

/** The tree's questions, each with the rules that answer it. */
export function drawTree(tree: readonly Question[]): string {
  const known = new Set(tree.map((question) => question.id));
  const lines = tree.flatMap((question) => [
    `  ${nodeId(question.id)}{{"${label(question.ask)}"}}`,
    ...question.rules.map((rule) => `  ${nodeId(question.id)} -.- ${nodeId(`${question.id}-${rule}`)}["${label(rule)}"]`),
    ...arrows(question, 'yes', known),
    ...arrows(question, 'no', known),
  ]);
  return ['flowchart TD', ...lines].join('\n');
}

function arrows(question: Question, answer: 'yes' | 'no', known: ReadonlySet<string>): readonly string[] {
  return question.next[answer].filter((id) => known.has(id)).map((id) => `  ${nodeId(question.id)} -- ${answer} --> ${nodeId(id)}`);
}

const arrowOf: Readonly<Record<Edge['kind'], string>> = {
  causes: '-->',
  'made-of': '==>',
  worsens: '-. worsens .->',
  hints: '-. hints .->',
};

/** Which failure brings about which; a thick arrow leads from a whole to its parts. */
export function drawCauses(rules: readonly AnyRule[]): string {
  const known = new Set<string>(rules.map((rule) => rule.id));
  const areas = [...new Set(rules.map((rule) => rule.area))];
  const boxes = areas.flatMap((area) => [
    `  subgraph ${nodeId(`area-${area}`)}["${label(area)}"]`,
    ...rules.filter((rule) => rule.area === area).map((rule) => `    ${nodeId(rule.id)}["${label(rule.id)}"]`),
    '  end',
  ]);
  const edges = rules.flatMap((rule) =>
    (rule.explains as readonly Edge[])
      .filter((edge) => known.has(edge.to))
      .map((edge) => `  ${nodeId(rule.id)} ${arrowOf[edge.kind]} ${nodeId(edge.to)}`),
  );
  return ['flowchart LR', ...boxes, ...new Set(edges)].join('\n');
}

/** Mermaid takes words such as `end` for its own, so every id gets a prefix. */
function nodeId(id: string): string {
  return `n_${id.replace(/[^A-Za-z0-9]/g, '_')}`;
}

function label(text: string): string {
  return text.replace(/[&"<>]/g, (character) => `#${character.codePointAt(0)};`);
}
