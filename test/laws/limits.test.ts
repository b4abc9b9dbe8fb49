// Is every limit that a rule declares, and the documentation prints, one that its judgement reads?
import { readdirSync, readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { rules } from '../../rules/index.ts';

const root = new URL('../../', import.meta.url);

function filesIn(folder: string): readonly string[] {
  return readdirSync(new URL(folder, root), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => `${folder}${name}`);
}

function textOf(file: string): string {
  return readFileSync(new URL(file, root), 'utf8');
}

const ruleFiles = filesIn('rules/');
/** Readings, and what several rules of one area share in a folder of its own. */
const shared = [...filesIn('src/judge/readings/'), ...ruleFiles.filter((name) => name.split('/').length > 3)];
const readings = shared.map(textOf).join('\n');

/** Read in the rule's own file, or by a reading that is handed all of the rule's limits. */
function unread(keys: readonly string[], own: string, helpers: string): readonly string[] {
  const handedOn = /[(,] ?limits[,)]/.test(own.replace(/judge: \([^)]*\)/, ''));
  const reads = (text: string, key: string): boolean => new RegExp(`\\blimits\\.${key}\\b`).test(text);
  return keys.filter((key) => !reads(own, key) && !(handedOn && reads(helpers, key)));
}

test.each(rules.map((rule) => [rule.id, rule] as const))('%s reads each limit it declares', (id, rule) => {
  const file = ruleFiles.find((name) => name.endsWith(`/${id}.ts`));
  expect(file, `there is no file of ${id}`).toBeDefined();
  expect(unread(Object.keys(rule.limits), textOf(file ?? ''), readings)).toEqual([]);
});

test('a limit for show only is found', () => {
  const own = 'limits: { tries: 3, lost: 2, grace: 1 }, judge: (seen, limits, subject) => readEntry(seen, limits.lost)';
  expect(unread(['tries', 'lost', 'grace'], own, 'limits.grace limits.tries')).toEqual(['tries', 'grace']);
  expect(unread(['tries', 'grace'], `${own}; readLease(seen, limits)`, 'limits.grace')).toEqual(['tries']);
});
