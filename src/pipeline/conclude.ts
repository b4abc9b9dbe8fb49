// What follows from evidence? Pure: the same for a live run and a replay.
import type { Evidence } from '../model/evidence.ts';
import type { Conclusion, Counts, Finding, Report } from '../model/report.ts';
import type { AnyRule, Certainty, Edge, Link } from '../model/rule.ts';
import { say, type Text } from '../model/sentence.ts';
import type { Topology } from '../model/topology.ts';
import { type Question, vitalUnanswered } from '../model/tree.ts';
import { type GapSeen, type Verdict, verdictKey } from '../model/verdict.ts';
import { judgeAll, viewOf } from '../judge/judge.ts';
import { serverNow } from '../judge/readings/host-clock.ts';
import { buildTopology } from '../judge/topology/build.ts';
import { MissingEvidence, type RecordingView } from '../judge/view.ts';
import { walk } from '../judge/walk.ts';
import type { RankedFinding } from '../rank/input.ts';
import { rank } from '../rank/rank.ts';
import { type ClockShift, timelineOf, type Wording } from '../rank/timeline.ts';
import { fill } from '../explain/template.ts';
import { listVantages } from './vantages.ts';

export interface ConcludeInput {
  readonly evidence: Evidence;
  readonly rules: readonly AnyRule[];
  readonly tree: readonly Question[];
  readonly version: string;
  readonly run: Report['run'];
}

/** Judges, ranks and words the result. */
export function conclude({ evidence, rules, tree, version, run }: ConcludeInput): Report {
  const topology = buildTopology(evidence);
  const view = viewOf(evidence, topology);
  const judged = judgeAll(rules, evidence, topology);
  const ranking = rank({ verdicts: judged, rules, gate: (edge, link) => openGate(edge, link, view) });
  const byId = new Map(rules.map((rule) => [rule.id, rule]));
  const now = serverNow(view);
  const shift = { low: now.low - view.startedAt, high: now.high - view.startedAt };
  const findings = ranking.findings.map((finding) => withRepairs(finding, byId, view, shift));
  const steps = walk(tree, ranking.verdicts, ranksOf(findings));
  const unanswered = vitalUnanswered(steps);
  return {
    schema: 1,
    tool: { name: 'ha-doctor', version },
    cluster: describeCluster(evidence, topology),
    vantages: listVantages(evidence, topology),
    takenAt: new Date(evidence.startedAt).toISOString(),
    verdict: {
      ...wordVerdict(findings, unanswered.length, byId, ranking.verdicts),
      unanswered: unanswered.map(({ question }) => question),
    },
    counts: countVerdicts(ranking.verdicts),
    tree: steps,
    findings,
    worsens: ranking.worsens,
    notes: ranking.notes,
    verdicts: ranking.verdicts,
    gaps: gapsOf(ranking.verdicts),
    run,
  };
}

/** A gate that meets missing evidence is undecided, not open. */
function openGate(edge: Edge, link: Link, view: RecordingView): Certainty {
  if (edge.when === undefined) return 'yes';
  return orElse('unknown', () => edge.when?.(link, view) ?? 'yes');
}

function orElse<T>(fallback: T, act: () => T): T {
  try {
    return act();
  } catch (error) {
    if (error instanceof MissingEvidence) return fallback;
    throw error;
  }
}

type Rules = ReadonlyMap<string, AnyRule>;

/** @param shift milliseconds from our clock to the servers': times in verdicts are by ours, logs and people go by theirs. */
function withRepairs(finding: RankedFinding, rules: Rules, view: RecordingView, shift: ClockShift): Finding {
  const rule = rules.get(finding.cause.rule);
  const cause = { facts: finding.cause.facts, subjects: finding.subjects, verdicts: finding.verdicts };
  const fixes = orElse([], () => rule?.fixes(cause, view) ?? []);
  const avoid = orElse([], () => rule?.avoid(cause, view) ?? []);
  return { ...finding, timeline: timelineOf(finding, shift, (id) => wordingOf(rules.get(id), id)), fixes, avoid };
}

function wordingOf(rule: AnyRule | undefined, id: string): Wording {
  return { folded: rule?.folded ?? id, by: tellers[rule?.area ?? ''] ?? say('API') };
}

/** Who tells since when a rule of an area has failed. */
const tellers: Readonly<Record<string, Text>> = {
  loadbalancer: say('load balancer'),
  certificates: say('certificate'),
  posture: say('node controller'),
};

/** Verdict key -> rank of the finding it belongs to. */
function ranksOf(findings: readonly Finding[]): ReadonlyMap<string, number> {
  const ranks = new Map<string, number>();
  for (const finding of [...findings].reverse()) {
    for (const one of [...finding.verdicts, ...finding.effects.map((effect) => effect.verdict)]) {
      ranks.set(verdictKey(one), finding.rank);
    }
  }
  return ranks;
}

function describeCluster(evidence: Evidence, topology: Topology): Report['cluster'] {
  const view = viewOf(evidence, topology);
  const config = view.peek('kube.kubeadm-config');
  const kubeconfig = view.peek('operator.kubeconfig');
  const version = view.peek('api.version');
  const context = kubeconfig?.state === 'known' ? kubeconfig.value : undefined;
  return {
    name: (config?.state === 'known' ? config.value.clusterName : undefined) || context?.context || 'cluster',
    server: context?.server ?? '',
    version: version?.state === 'known' ? version.value.gitVersion : '',
    platform: topology.platform,
  };
}

type Worded = Omit<Conclusion, 'unanswered'>;

function wordVerdict(findings: readonly Finding[], unanswered: number, rules: Rules, verdicts: readonly Verdict[]): Worded {
  const [first] = findings;
  if (first !== undefined) {
    const rule = rules.get(first.cause.rule);
    const isCritical = findings.some((finding) => finding.severity === 'critical');
    const level = isCritical ? 'critical' : unanswered > 0 ? 'incomplete' : 'warning';
    return { level, line: fill(rule?.title ?? first.cause.rule, first.cause.facts), impact: fill(rule?.why ?? '', first.cause.facts) };
  }
  const passed = verdicts.filter((verdict) => verdict.status === 'pass').length;
  if (unanswered > 0) {
    const line =
      unanswered === 1
        ? say('nothing wrong found in {passed} checks, but one vital question is not answered', { passed })
        : say('nothing wrong found in {passed} checks, but {unanswered} vital questions are not answered', { passed, unanswered });
    return { level: 'incomplete', line, impact: '' };
  }
  const line = say('no fault found: every vital question is answered, {passed} checks passed', { passed });
  return { level: 'healthy', line, impact: '' };
}

function countVerdicts(verdicts: readonly Verdict[]): Counts {
  const count = { pass: 0, fail: 0, unknown: 0, 'not-applicable': 0 };
  for (const { status } of verdicts) count[status] += 1;
  const notApplicable = count['not-applicable'];
  return { checks: verdicts.length - notApplicable, failed: count.fail, passed: count.pass, unknown: count.unknown, notApplicable };
}

/** Each gap once, by evidence and subject. */
function gapsOf(verdicts: readonly Verdict[]): readonly GapSeen[] {
  const gaps = new Map<string, GapSeen>();
  for (const verdict of verdicts) {
    if (verdict.status === 'unknown') for (const gap of verdict.gaps) gaps.set(`${gap.id} ${gap.subject} ${gap.detail}`, gap);
  }
  return [...gaps.entries()].sort(([one], [other]) => (one < other ? -1 : 1)).map(([, gap]) => gap);
}
