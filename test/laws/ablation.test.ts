// What may change in the verdict on a recorded cluster when something of it could not be seen?
import { expect } from 'vitest';
import type { EvidenceId } from '../../src/model/evidence.ts';
import type { Finding, Report } from '../../src/model/report.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { scenarios } from '../scenarios/scenarios.ts';
import { failing, judgeAgain, knownIds, lawOverRecordings, type Recording, withoutEvidence, wordsFor } from './recordings.ts';

const vantages = ['etcd.', 'kube.', 'lb.', 'api.', 'node.'] as const;

interface Ablation {
  readonly name: string;
  readonly before: Report;
  readonly after: Report;
}

const known = new Map<string, readonly Ablation[]>();

/** Every piece of evidence left out on its own, and every vantage as a whole. */
function ablationsOf({ name, evidence, report }: Recording): readonly Ablation[] {
  const before = known.get(name);
  if (before !== undefined) return before;
  const ids = knownIds(evidence);
  const needed = scenarioOf(name)?.indispensable ?? [];
  const drop = (what: string, isGone: (id: EvidenceId) => boolean): readonly Ablation[] =>
    needed.some(isGone) ? [] : [{ name: `${name} without ${what}`, before: report, after: judgeAgain(withoutEvidence(evidence, isGone)) }];
  const whole = vantages.filter((prefix) => ids.some((id) => id.startsWith(prefix)));
  const all = [
    ...ids.flatMap((id) => drop(id, (one) => one === id)),
    ...whole.flatMap((prefix) => drop(`${prefix}*`, (id) => id.startsWith(prefix))),
  ];
  known.set(name, all);
  return all;
}

lawOverRecordings('less evidence never creates a fail', (recordings) => {
  for (const { name, before, after } of recordings.flatMap(ablationsOf)) {
    // A rule that failed may fail on a wider subject once it sees less: on the balancer instead of on each master.
    const failed = new Set<string>(failing(before.verdicts).map((fail) => fail.rule));
    const created = failing(after.verdicts).filter((fail) => !failed.has(fail.rule));
    expect.soft(created.map(wordsFor), name).toEqual([]);
  }
});

lawOverRecordings('less evidence never makes a stranger lead: the root does, or an effect of it that names it', (recordings) => {
  for (const { name, before, after } of recordings.flatMap(ablationsOf))
    expect.soft(leadOf(before, after, hasTwoCauses(name)), name).toBe('right');
});

lawOverRecordings('less evidence of a cluster that serves badly never looks healthy', (recordings) => {
  for (const { name, before, after } of recordings.flatMap(ablationsOf)) {
    if (before.findings.some((finding) => finding.impact !== 'at-risk')) expect.soft(after.verdict.level, name).not.toBe('healthy');
  }
});

/** Of two independent causes either may lead once less is seen of the other. */
function hasTwoCauses(name: string): boolean {
  const truth = scenarioOf(name)?.expect;
  return truth?.kind === 'fault' && truth.second !== undefined;
}

function scenarioOf(name: string): Scenario | undefined {
  return scenarios.find(({ id }) => name.startsWith(`${id}-`));
}

/** `right`, or what is wrong about the first finding. */
function leadOf({ findings: [root, ...others] }: Report, after: Report, two: boolean): string {
  const [head] = after.findings;
  if (head === undefined || root === undefined || head.cause.rule === root.cause.rule) return 'right';
  if (two && head.cause.rule === others[0]?.cause.rule) return 'right';
  const names = head.possibleCauses.some((cause) => cause.rule === root.cause.rule);
  const headed = `${wordsFor(head.cause)} leads instead of ${wordsFor(root.cause)}`;
  if (root.effects.some((effect) => effect.rule === head.cause.rule)) return names ? 'right' : `${headed} and does not name it`;
  const isVanished = !failing(after.verdicts).some((fail) => belongsTo(root, wordsFor(fail)));
  return isVanished && others.some((other) => other.cause.rule === head.cause.rule) ? 'right' : headed;
}

function belongsTo(finding: Finding, words: string): boolean {
  return [...finding.verdicts, ...finding.effects.map((effect) => effect.verdict)].some((verdict) => wordsFor(verdict) === words);
}
