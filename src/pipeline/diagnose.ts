// How does a run go, from options to Report?
import type { Evidence } from '../model/evidence.ts';
import type { Report } from '../model/report.ts';
import { subjectKey } from '../model/subject.ts';
import { probes } from '../probes/index.ts';
import { rules } from '../../rules/index.ts';
import { tree } from '../../rules/tree.ts';
import { createRedactor } from '../bundle/redact.ts';
import { prepareRecording, readRecording, writeRecording } from '../bundle/recording.ts';
import { recallTopology, rememberTopology } from '../sources/memory.ts';
import { buildTopology } from '../judge/topology/build.ts';
import { forBranch } from './branch.ts';
import { Collector, type Collected } from './collect.ts';
import { conclude } from './conclude.ts';
import { gatherHints } from './hints.ts';
import type { ReplayOptions, RunOptions } from './options.ts';
import { version } from './version.ts';

export interface Looked {
  readonly report: Report;
  readonly evidence: Evidence;
}

/** Seconds between two samples of the same counters. */
const samplePauseMs = 15_000;

/**
 * Looks at the cluster and says what is wrong.
 * @throws UsageError for an unreadable kubeconfig, an unknown context or branch, a folder where nothing can be recorded.
 */
export async function diagnoseLive(options: RunOptions): Promise<Report> {
  return (await lookLive(options)).report;
}

/** The same with the evidence it rests on, for views that are no diagnosis. @throws UsageError */
export async function lookLive(options: RunOptions): Promise<Looked> {
  const branch = forBranch(options.only, rules, tree, probes);
  const began = performance.now();
  // What talks to a cluster takes longer to load than a recording needs to be judged, and a replay needs none of it.
  const { openLiveSource } = await import('../sources/live.ts');
  const { source, kubeconfig, etcd } = await openLiveSource(options.connection, options.settings);
  const settings = etcd === undefined ? options.settings : { ...options.settings, etcd };
  const anchors = source.anchors('operator');
  const remembered = await recallTopology(kubeconfig, anchors);
  if (options.record !== undefined) await prepareRecording(options.record);
  const given = { 'operator.kubeconfig': kubeconfig, 'operator.hints': gatherHints(settings, remembered) };
  const signal = options.interrupt;
  const collector = new Collector({ probes: branch.probes, source, settings, given, signal, redact: createRedactor() });
  const judge = (): Report => draw(collector.collected, branch, began, options);
  let report: Report;
  try {
    await collector.pass(0, (probe) => probe.again !== 'only' || settings.deep, options.timeoutMs);
    if (!settings.deep)
      collector.leaveOut(
        branch.probes.filter((probe) => probe.again === 'only'),
        '--deep',
      );
    report = await confirmSuspicions(collector, branch, options, judge);
    if (settings.deep || wantsSecondLook(report, branch)) {
      await lookAgain(collector, settings.deep, options);
      report = judge();
    }
  } finally {
    source.close();
  }
  const { collected } = collector;
  await rememberTopology(kubeconfig, anchors, buildTopology(collected.evidence));
  if (options.record !== undefined) await writeRecording(options.record, collected, report, version());
  return { report, evidence: collected.evidence };
}

/** Judges evidence recorded before. @throws UsageError when the folder is no recording. */
export async function diagnoseRecorded(options: ReplayOptions): Promise<Report> {
  return (await lookRecorded(options)).report;
}

/** The same with the evidence. @throws UsageError */
export async function lookRecorded(options: ReplayOptions): Promise<Looked> {
  const branch = forBranch(options.only, rules, tree, probes);
  const evidence = await readRecording(options.from, probes);
  const run = { replayed: true, seconds: 0, interrupted: false, timings: {} };
  return { report: conclude({ evidence, rules: branch.rules, tree: branch.tree, version: version(), run }), evidence };
}

type Branch = ReturnType<typeof forBranch>;

function draw(collected: Collected, branch: Branch, began: number, options: RunOptions): Report {
  const seconds = Math.round(performance.now() - began) / 1000;
  const run = { replayed: false, seconds, interrupted: options.interrupt.aborted, timings: collected.timings };
  return conclude({ evidence: collected.evidence, rules: branch.rules, tree: branch.tree, version: version(), run });
}

/** What may be a mere moment is looked at again at once, so that it is neither called a fault nor left open. */
async function confirmSuspicions(collector: Collector, branch: Branch, options: RunOptions, judge: () => Report): Promise<Report> {
  const signal = options.interrupt;
  for (let look = 1; ; look += 1) {
    const report = judge();
    const open = new Set(report.verdicts.flatMap((one) => (one.status === 'unknown' && one.secondLook !== undefined ? [one.rule] : [])));
    const due = branch.rules.flatMap(({ id, confirm }) =>
      confirm !== undefined && open.has(id) && look <= confirm.times ? [confirm] : [],
    );
    if (due.length === 0 || signal.aborted) return report;
    await pause(Math.max(...due.map(({ everyMs }) => everyMs)), signal);
    const wanted = new Set<string>(due.flatMap(({ evidence }) => evidence));
    if (!signal.aborted) await collector.pass(look, (probe) => wanted.has(probe.id), options.timeoutMs);
  }
}

/**
 * Where a rule has seen what it cannot judge by one look, unless an outage is found, which must be told at once; or a
 * critical finding rests on what was measured in one weak look, and counters that are read a second time could tell what is
 * behind it.
 */
function wantsSecondLook(report: Report, branch: Branch): boolean {
  const [first] = report.findings;
  if (report.run.interrupted) return false;
  const unsure = report.verdicts.some((verdict) => verdict.status === 'unknown' && verdict.secondLook === 'urged');
  if (unsure && first?.impact !== 'outage') return true;
  if (first === undefined || first.severity !== 'critical' || first.confidence !== 'weak') return false;
  if (first.verdicts.some((verdict) => verdict.witness !== 'measured')) return false;
  const counters = new Set<string>(branch.probes.filter((probe) => probe.again === 'more').map((probe) => probe.id));
  const behind = new Set(first.possibleCauses.map(({ rule, subject }) => `${rule} ${subject}`));
  const waiting = report.verdicts.filter((one) => one.status === 'unknown' && behind.has(`${one.rule} ${subjectKey(one.subject)}`));
  return waiting.some((verdict) => verdict.cites.some((cite) => counters.has(cite.split(' ')[0] ?? '')));
}

/** @param all also at what one look alone tells nothing of; that must then have been looked at before. */
async function lookAgain(collector: Collector, all: boolean, options: RunOptions): Promise<void> {
  const signal = options.interrupt;
  options.progress?.(`looking a second time in ${samplePauseMs / 1000} s, to tell rates from totals`);
  await pause(samplePauseMs, signal);
  if (!signal.aborted) await collector.pass(1, (probe) => probe.again === 'more' || (all && probe.again === 'only'), options.timeoutMs);
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const timer = setTimeout(resolve, milliseconds);
    signal.addEventListener(
      'abort',
      () => {
        clearTimeout(timer);
        resolve();
      },
      { once: true },
    );
  });
}
