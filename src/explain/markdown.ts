// What does the documentation page of a rule say?
import type { AnyRule, Edge, Limit } from '../model/rule.ts';
import { asPattern, type Catalogue, edgeVerb, incomingEdges, questionOf } from './links.ts';

/** Where the page of a rule stands, seen from the folder `docs`. */
export function pagePath(rule: AnyRule): string {
  return `rules/${rule.area}/${rule.id}.md`;
}

/** The page of one rule. Steps of repair are not in it: they are made from what a run has seen. */
export function rulePage(rule: AnyRule, catalogue: Catalogue): string {
  const question = questionOf(catalogue, rule.id);
  const sections = [
    `# ${rule.id}`,
    `> ${escapeText(asPattern(rule.title))}`,
    escapeText(asPattern(rule.why)),
    facts([
      ['Healthy', escapeText(rule.healthy)],
      ['Area', rule.area],
      ['Severity', `${rule.severity}, impact ${rule.impact}, unless the facts say otherwise`],
      ['Layer', String(rule.layer)],
      ['Since', rule.since],
      [
        'Answers',
        question === undefined ? 'no question of the decision tree yet' : `[${escapeText(question.ask)}](../../decision-tree.md)`,
      ],
      ['Ways to fail', rule.reasons.length === 0 ? 'one' : rule.reasons.map(code).join(', ')],
      ['Looks at', rule.needs.map((id: string) => `[${code(id)}](../../evidence.md#${anchor(id)})`).join(', ')],
    ]),
    limits(rule.limits),
    list('What it brings about', outgoing(rule, catalogue)),
    list('What may stand behind it', incoming(rule, catalogue)),
    list('Error texts that lead here', (rule.errors ?? []).map(code)),
    list(
      'Further reading',
      rule.reading.map((url: string) => `<${url}>`),
    ),
  ];
  return `${sections.filter((section) => section !== '').join('\n\n')}\n`;
}

function outgoing(rule: AnyRule, catalogue: Catalogue): readonly string[] {
  return (rule.explains as readonly Edge[]).map((edge) => `${edgeVerb(edge)} ${link(edge.to, catalogue)}: ${edgeText(edge)}`);
}

function incoming(rule: AnyRule, catalogue: Catalogue): readonly string[] {
  return incomingEdges(catalogue, rule.id).map(({ from, edge }) => `${link(from.id, catalogue)} ${edgeVerb(edge)} it: ${edgeText(edge)}`);
}

function edgeText(edge: Edge): string {
  const scope = edge.on === 'cluster' ? 'anywhere in the cluster' : `on the same ${edge.on}`;
  const reasons = edge.produces === undefined ? '' : `, when it fails as ${edge.produces.map(code).join(', ')}`;
  const cover = edge.covers === undefined ? '' : `, where ${coverage[edge.covers]} hit`;
  const gate = edge.when === undefined ? '' : ', where the evidence allows it';
  const proof = edge.unproven === undefined ? '' : '; not seen in a recording yet';
  return `${escapeText(edge.because)} (${scope}${reasons}${cover}${gate}${proof})`;
}

const coverage = {
  every: 'all that it rests on is lost and',
  all: 'all of what it rests on is',
  quorum: 'enough of what it rests on are',
  any: 'some of what it rests on are',
} as const;

function link(id: string, catalogue: Catalogue): string {
  const target = catalogue.rules.find((rule) => rule.id === id);
  return target === undefined ? code(id) : `[${code(id)}](../../${pagePath(target)})`;
}

function facts(rows: readonly (readonly [string, string])[]): string {
  return ['| | |', '|---|---|', ...rows.map(([name, value]) => `| ${name} | ${value.replaceAll('|', '\\|')} |`)].join('\n');
}

function limits(all: Readonly<Record<string, Limit>>): string {
  const rows = Object.entries(all).map(([name, { value, unit, source }]) => `| ${name} | ${value} ${unit} | ${escapeText(source)} |`);
  return rows.length === 0 ? '' : ['## Limits', '', '| limit | value | source |', '|---|---|---|', ...rows].join('\n');
}

function list(title: string, items: readonly string[]): string {
  return items.length === 0 ? '' : [`## ${title}`, '', ...items.map((item) => `- ${item}`)].join('\n');
}

export function code(text: string): string {
  return `\`${text.replaceAll('`', "'")}\``;
}

/** Markdown keeps its own signs for itself. */
export function escapeText(text: string): string {
  return text.replace(/[<>|*_[\]\\]/g, (character) => `\\${character}`);
}

/** The anchor a heading gets where Markdown is shown. */
export function anchor(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^a-z0-9 -]/g, '')
    .replaceAll(' ', '-');
}
