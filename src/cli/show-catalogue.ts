// What do `tree`, `rules` and `explain` print?
import { asPattern, findRule } from '../explain/links.ts';
import { matchError, similarRules } from '../explain/match.ts';
import { drawTree } from '../explain/mermaid.ts';
import { outlineTree } from '../explain/outline.ts';
import { type Block, matchBlocks, ruleBlocks } from '../explain/text.ts';
import { UsageError } from '../model/errors.ts';
import { branchNames } from '../pipeline/branch.ts';
import { catalogue } from '../pipeline/catalogue.ts';
import { renderValue } from '../report/json.ts';
import { neutralise, toAscii } from '../report/neutralise.ts';
import { renderColumns } from '../report/table.ts';
import { wrapProse } from '../report/wrap.ts';
import { readTraits } from './terminal-traits.ts';

/** @throws UsageError for a branch there is not. */
export function showTree(only: string | undefined, output: string): string {
  const branches = branchNames(catalogue.tree);
  if (only !== undefined && !branches.includes(only))
    throw new UsageError(`there is no branch "${only}"; there are ${branches.join(', ')}`);
  const tree = catalogue.tree.filter((question) => only === undefined || question.branch === only);
  if (output === 'json') return renderValue(tree);
  if (output === 'mermaid') return `${drawTree(tree)}\n`;
  return inReach(outlineTree(tree, { fork: '├─', last: '└─', through: '│' }), { '├': '|', '└': '`', '─': '-', '│': '|' });
}

/** @throws UsageError for an area there is not. */
export function showRules(area: string | undefined, output: string): string {
  const areas = [...new Set(catalogue.rules.map((rule) => rule.area))].sort();
  if (area !== undefined && !areas.some((one) => one === area))
    throw new UsageError(`there is no area "${area}"; there are ${areas.join(', ')}`);
  const rules = catalogue.rules.filter((rule) => area === undefined || rule.area === area);
  if (output === 'json') {
    return renderValue(
      rules.map(({ id, area: of, since, severity, impact, layer, title, healthy, why, needs }) => ({
        id,
        area: of,
        since,
        severity,
        impact,
        layer,
        title,
        healthy,
        why,
        needs,
      })),
    );
  }
  const rows = rules.map((rule) => [rule.id, rule.area, rule.severity, asPattern(rule.title)]);
  return inReach(renderColumns(['RULE', 'AREA', 'SEVERITY', 'WHAT IT FINDS'], rows));
}

/** @throws UsageError when nothing is known about it. */
export function showExplanation(words: readonly string[], program: string, diagnosis: string): string {
  const asked = words.join(' ').trim();
  if (asked === '') throw new UsageError(`name a rule or an error text: ${program} explain etcd-quorum-lost`);
  const rule = findRule(catalogue, asked);
  if (rule !== undefined) return printBlocks(ruleBlocks(rule, catalogue));
  const match = matchError(asked, catalogue);
  if (match !== undefined) {
    const look = match.question === undefined ? diagnosis : `${diagnosis} --only ${match.question.branch}`;
    return printBlocks([...matchBlocks(match), { heading: 'Look', lines: [look] }]);
  }
  const near = similarRules(asked, catalogue);
  const hint = near.length === 0 ? `${program} rules lists them` : `did you mean ${near.join(' or ')}?`;
  throw new UsageError(`no rule and no known error text is like "${neutralise(asked)}"; ${hint}`);
}

/** Words for the shell's completion, each with what it means. */
export function ruleChoices(): readonly (readonly [string, string])[] {
  return catalogue.rules.map((rule) => [rule.id, asPattern(rule.title)] as const);
}

export function branchChoices(): readonly (readonly [string, string])[] {
  return branchNames(catalogue.tree).map((branch) => [branch, ''] as const);
}

function printBlocks(blocks: readonly Block[]): string {
  const { width } = readTraits(process.stdout, process.env, true);
  const texts = blocks.map(({ heading, lines }) => {
    const wrapped = lines.flatMap((line) => wrapProse(line, width - 4).map((text, index) => (index === 0 ? `  ${text}` : `    ${text}`)));
    return [heading, ...wrapped].join('\n');
  });
  return inReach(`${texts.join('\n\n')}\n`);
}

/** Letters for a terminal that has no others. */
function inReach(text: string, drawn: Readonly<Record<string, string>> = {}): string {
  if (!readTraits(process.stdout, process.env, true).ascii) return text;
  return text
    .split('\n')
    .map((line) => toAscii(line.replace(/./gu, (character) => drawn[character] ?? character)))
    .join('\n');
}
