// What does `explain` say about a rule, or about an error text?
import type { AnyRule, Edge, Limit } from '../model/rule.ts';
import { asPattern, type Catalogue, edgeVerb, incomingEdges, questionOf } from './links.ts';
import type { ErrorMatch } from './match.ts';

/** A heading and the lines under it, not yet broken. */
export interface Block {
  readonly heading: string;
  readonly lines: readonly string[];
}

export function ruleBlocks(rule: AnyRule, catalogue: Catalogue): readonly Block[] {
  const question = questionOf(catalogue, rule.id);
  const blocks: readonly Block[] = [
    {
      heading: rule.id,
      lines: [asPattern(rule.title), `${rule.severity}, ${rule.impact}, unless the facts say otherwise; area ${rule.area}`],
    },
    { heading: 'Why it matters', lines: [asPattern(rule.why)] },
    { heading: 'Healthy means', lines: [rule.healthy] },
    { heading: 'Answers the question', lines: question === undefined ? [] : [`${question.ask} (branch ${question.branch})`] },
    { heading: 'Looks at', lines: [rule.needs.join(', ')] },
    {
      heading: 'Limits',
      lines: Object.entries<Limit>(rule.limits).map(([name, limit]) => `${name}: ${limit.value} ${limit.unit} (${limit.source})`),
    },
    { heading: 'Can fail as', lines: rule.reasons.length === 0 ? [] : [rule.reasons.join(', ')] },
    { heading: 'Brings about', lines: (rule.explains as readonly Edge[]).map((edge) => `${edgeVerb(edge)} ${edge.to}: ${edge.because}`) },
    {
      heading: 'What may stand behind it',
      lines: incomingEdges(catalogue, rule.id).map(({ from, edge }) => `${from.id} ${edgeVerb(edge)} it: ${edge.because}`),
    },
    { heading: 'Error texts that lead here', lines: rule.errors ?? [] },
    { heading: 'Further reading', lines: rule.reading },
  ];
  return blocks.filter((block) => block.lines.length > 0);
}

export function matchBlocks(match: ErrorMatch): readonly Block[] {
  const blocks: readonly Block[] = [
    { heading: `"${match.text}"`, lines: match.says },
    {
      heading: 'Begin with the question',
      lines: match.question === undefined ? [] : [`${match.question.ask} (branch ${match.question.branch})`],
    },
    { heading: 'Rules to look at, the likelier first', lines: match.rules.map((rule) => `${rule.id}: ${asPattern(rule.title)}`) },
  ];
  return blocks.filter((block) => block.lines.length > 0 || block === blocks[0]);
}
