// What should the operator do, in which order, where, and what must not be done now?
import type { Finding } from '../model/report.ts';
import type { Fix, Need } from '../model/rule.ts';
import type { Text } from '../model/sentence.ts';
import type { Line, Page, Span } from './page.ts';
import { phrase, styled } from './page.ts';
import { columnsOf, padTo, wrapItems, wrapProse } from './wrap.ts';
import { wrapCommand } from './wrap-command.ts';

const labelWidth = 6;

export function printFixes(finding: Finding, page: Page): readonly Line[] {
  const heading: Line = ['   ', styled('heading', phrase(page, finding.fixes.length === 1 ? 'doOne' : 'doInOrder'))];
  const steps = finding.fixes.flatMap((fix, index) => printStep(fix, finding.fixes.length === 1 ? '' : `${index + 1} `, page));
  return [...(steps.length === 0 ? [] : [[], heading, ...steps]), ...printAvoid(finding.avoid, page)];
}

function printStep(fix: Fix, number: string, page: Page): readonly Line[] {
  const indent = 3 + Math.max(2, number.length);
  const risk = `[${riskText(fix, page)}]`;
  const right = `${padTo(risk, 13)} ${whereText(fix.where, page)}`;
  const room = Math.max(24, page.width - indent - columnsOf(right) - 2);
  const [first = '', ...more] = wrapProse(page.say(fix.do), room);
  const head: Line = [
    padTo(`   ${number}`, indent),
    styled('heading', padTo(first, page.width - indent - columnsOf(right))),
    fix.risk === 'high' ? styled('critical', right) : right,
  ];
  return [
    head,
    ...more.map((text): Line => [' '.repeat(indent), styled('heading', text)]),
    ...fix.run.flatMap((command) => printCommand(command, '', page)),
    ...printNeeds(fix.needs, page),
    ...fix.verify.flatMap((command) => printCommand(command, page.signs.verify, page)),
    ...(fix.undo ?? []).flatMap((command, index) => printCommand(command, index === 0 ? phrase(page, 'undo') : ' ', page)),
  ];
}

function riskText(fix: Fix, page: Page): string {
  const names = { none: 'riskNone', low: 'riskLow', medium: 'riskMedium', high: 'riskHigh' } as const;
  return phrase(page, names[fix.risk]);
}

function whereText(where: string, page: Page): string {
  if (where === 'here') return phrase(page, 'runHere');
  if (where === 'lb') return phrase(page, 'runOnLoadBalancer');
  return phrase(page, 'runOn', { node: where });
}

/** A command stands two columns in; behind a label when it verifies or undoes. */
function printCommand(command: string, label: string, page: Page): readonly Line[] {
  const lead = label === '' ? '       ' : `     ${label === page.signs.met ? `${label} ` : padTo(label, labelWidth + 1)}`;
  const indent = columnsOf(lead);
  return wrapCommand(page.clean(command), page.width - indent).map(
    (text, index): Line => [index === 0 ? lead : ' '.repeat(indent), styled('command', text)],
  );
}

function printNeeds(needs: readonly Need[], page: Page): readonly Line[] {
  if (needs.length === 0) return [];
  const items = needs.map((need) => `${needSign(need, page)} ${page.say(need.text)}`);
  const lead = `     ${padTo(phrase(page, 'needs'), labelWidth + 1)}`;
  const unmet = needs.some((need) => need.met === 'no');
  return wrapItems(items, '  ', page.width - columnsOf(lead)).map((text, index): Line => {
    const part: string | Span = unmet ? styled('warning', text) : text;
    return [index === 0 ? lead : ' '.repeat(columnsOf(lead)), part];
  });
}

function needSign(need: Need, page: Page): string {
  if (need.met === 'yes') return page.signs.met;
  return need.met === 'no' ? page.signs.unmet : page.signs.unknown;
}

function printAvoid(avoid: readonly Text[], page: Page): readonly Line[] {
  if (avoid.length === 0) return [];
  const label = `   ${phrase(page, 'avoid')}  `;
  const items = avoid.map(page.say);
  return wrapItems(items, page.signs.between, page.width - columnsOf(label)).map(
    (text, index): Line => [index === 0 ? styled('critical', label) : ' '.repeat(columnsOf(label)), text],
  );
}
