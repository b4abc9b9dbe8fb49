// Which recordings are there, and what does the tool say about one after something was changed in it?
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { test } from 'vitest';
import { rules } from '../../rules/index.ts';
import { tree } from '../../rules/tree.ts';
import { readRecording } from '../../src/bundle/recording.ts';
import { viewOf } from '../../src/judge/judge.ts';
import { buildTopology } from '../../src/judge/topology/build.ts';
import { MissingEvidence } from '../../src/judge/view.ts';
import type { Evidence, EvidenceId, EvidenceItem, Gap } from '../../src/model/evidence.ts';
import type { Report } from '../../src/model/report.ts';
import type { Certainty, Edge, Link } from '../../src/model/rule.ts';
import type { Fail, Verdict } from '../../src/model/verdict.ts';
import { conclude } from '../../src/pipeline/conclude.ts';
import { version } from '../../src/pipeline/version.ts';
import { probes } from '../../src/probes/index.ts';

/** `HA_DOCTOR_RECORDINGS` looks at another folder of recordings. */
const folder = process.env['HA_DOCTOR_RECORDINGS'] ?? fileURLToPath(new URL('../recordings/', import.meta.url));

export const recordingNames: readonly string[] = existsSync(folder)
  ? readdirSync(folder)
      .filter((name) => existsSync(join(folder, name, 'ha-doctor', 'evidence.json')))
      .sort()
  : [];

async function loadEvidence(name: string): Promise<Evidence> {
  return readRecording(join(folder, name), probes);
}

export function judgeAgain(evidence: Evidence): Report {
  return conclude({ evidence, rules, tree, version: version(), run: { replayed: true, seconds: 0, interrupted: false, timings: {} } });
}

/** A law over every recording; said to be skipped, not passed, where there is none. */
export function lawOverRecordings(law: string, hold: (recordings: readonly Recording[]) => void | Promise<void>): void {
  const none = recordingNames.length === 0;
  test.skipIf(none)(none ? `${law} (SKIPPED: there is no recording to try it on)` : law, async () => hold(await loadRecordings()), 400_000);
}

export interface Recording {
  readonly name: string;
  readonly evidence: Evidence;
  readonly report: Report;
  /** Evaluates gates on this recording's evidence. */
  readonly gate: (edge: Edge, link: Link) => Certainty;
}

let loaded: Promise<readonly Recording[]> | undefined;

/** All recordings, judged once for each file of tests. */
function loadRecordings(): Promise<readonly Recording[]> {
  loaded ??= Promise.all(
    recordingNames.map(async (name) => {
      const evidence = await loadEvidence(name);
      return { name, evidence, report: judgeAgain(evidence), gate: gateOver(evidence) };
    }),
  );
  return loaded;
}

function gateOver(evidence: Evidence): Recording['gate'] {
  const view = viewOf(evidence, buildTopology(evidence));
  return (edge, link) => {
    try {
      return edge.when?.(link, view) ?? 'yes';
    } catch (error) {
      if (error instanceof MissingEvidence) return 'unknown';
      throw error;
    }
  };
}

/** Known evidence with these ids becomes a gap, as if it had not been allowed. */
export function withoutEvidence(evidence: Evidence, isGone: (id: EvidenceId) => boolean): Evidence {
  return { ...evidence, items: evidence.items.map((item) => (item.state === 'known' && isGone(item.id) ? toGap(item) : item)) };
}

function toGap({ id, subject, sample }: EvidenceItem): EvidenceItem {
  const gap: Gap = { gap: 'denied', detail: `${id} was not allowed`, howToGet: `ask for ${id}` };
  return { state: 'missing', id, subject, sample, ...gap };
}

export function knownIds(evidence: Evidence): readonly EvidenceId[] {
  return [...new Set(evidence.items.filter((item) => item.state === 'known').map((item) => item.id))].sort();
}

export function failing(verdicts: readonly Verdict[]): readonly Fail[] {
  return verdicts.filter((verdict): verdict is Fail => verdict.status === 'fail' && verdict.severity !== 'info');
}

/** `rule(name)`: what a person would call it, whatever the subject's id is derived from. */
export function wordsFor({ rule, subject }: Pick<Verdict, 'rule' | 'subject'>): string {
  return subject.kind === 'cluster' ? rule : `${rule}(${subject.name})`;
}
