// What does every rule say about this evidence?
import type { Evidence, EvidenceId } from '../model/evidence.ts';
import type { AnyRule, Judgement } from '../model/rule.ts';
import { clusterSubject, type Subject, subjectKey } from '../model/subject.ts';
import type { Topology } from '../model/topology.ts';
import { byKey, type GapSeen, type Verdict } from '../model/verdict.ts';
import { gateFor } from './platform-gate.ts';
import { DoesNotApply, EvidenceIndex, MissingEvidence, RecordingView } from './view.ts';

/** One verdict or more from every rule, in the order of rule id and subject. */
export function judgeAll(rules: readonly AnyRule[], evidence: Evidence, topology: Topology): readonly Verdict[] {
  const index = new EvidenceIndex(evidence.items);
  return rules.flatMap((rule) => judgeRule(rule, () => new RecordingView(evidence, index, topology))).sort(byKey);
}

/** A view for the gates of edges and the needs of fixes; it is not recorded in any verdict. */
export function viewOf(evidence: Evidence, topology: Topology): RecordingView {
  return new RecordingView(evidence, new EvidenceIndex(evidence.items), topology);
}

function judgeRule(rule: AnyRule, open: () => RecordingView): Verdict[] {
  const view = open();
  const gate = gateFor(rule, view.topology);
  if (gate !== undefined) return [{ rule: rule.id, subject: clusterSubject, cites: [], status: 'not-applicable', because: gate }];
  const subjects = guarded(rule, clusterSubject, view, () => rule.subjects(view));
  if (!Array.isArray(subjects)) return [subjects as Verdict];
  if (subjects.length === 0) {
    const because = 'there is nothing of this kind here';
    return [{ rule: rule.id, subject: clusterSubject, cites: [...view.cites], status: 'not-applicable', because }];
  }
  const limits = Object.fromEntries(Object.entries(rule.limits).map(([name, limit]) => [name, (limit as { value: number }).value]));
  const verdicts = (subjects as Subject[]).map((subject) => judgeSubject(rule, limits, subject, open()));
  const unlisted = gapOfUnlisted(subjects as Subject[], view.topology);
  if (unlisted === undefined) return verdicts;
  return [...verdicts, { rule: rule.id, subject: clusterSubject, cites: [...view.cites].sort(), status: 'unknown', gaps: [unlisted] }];
}

/** Where nobody vouches that the known ones are all, there may be others, and about those nothing is known. */
function gapOfUnlisted(subjects: readonly Subject[], topology: Topology): GapSeen | undefined {
  const kinds = new Set(subjects.map((subject) => subject.kind));
  const base = { gap: 'not-collected' as const, subject: 'cluster/cluster' };
  if ((kinds.has('apiserver') || kinds.has('node')) && !topology.mastersComplete) {
    return {
      ...base,
      id: 'kube.nodes',
      detail: 'nobody vouches that these are all control-plane machines',
      howToGet: '--masters <host:port,…>',
    };
  }
  if (kinds.has('member') && !topology.membersComplete) {
    const howToGet = '--etcd-endpoints, --etcd-cacert, --etcd-cert, --etcd-key';
    return { ...base, id: 'etcd.members', detail: 'nobody vouches that these are all etcd members', howToGet };
  }
  return undefined;
}

function judgeSubject(rule: AnyRule, limits: Readonly<Record<string, number>>, subject: Subject, view: RecordingView): Verdict {
  const judged = guarded(rule, subject, view, () => rule.judge(view, limits, subject));
  return 'rule' in judged ? judged : toVerdict(rule, subject, view, judged);
}

/** Runs part of a rule; missing evidence becomes an unknown verdict. */
function guarded<T>(rule: AnyRule, subject: Subject, view: RecordingView, act: () => T): T | Verdict {
  try {
    return act();
  } catch (error) {
    if (error instanceof DoesNotApply) {
      return { rule: rule.id, subject, cites: [...view.cites], status: 'not-applicable', because: error.message };
    }
    if (!(error instanceof MissingEvidence)) throw error;
    return { rule: rule.id, subject, cites: [...view.cites], status: 'unknown', gaps: error.gaps };
  }
}

function toVerdict(rule: AnyRule, subject: Subject, view: RecordingView, judged: Judgement): Verdict {
  const base = { rule: rule.id, subject, cites: [...view.cites].sort() };
  switch (judged.status) {
    case 'pass':
      return { ...base, status: 'pass', facts: judged.facts };
    case 'not-applicable':
      return { ...base, status: 'not-applicable', because: judged.because };
    case 'unknown': {
      const { detail, howToGet, secondLook } = judged;
      // The last thing read is what left it open.
      const id = ([...view.cites].at(-1)?.split(' ')[0] ?? rule.needs[0] ?? 'operator.kubeconfig') as EvidenceId;
      const gaps = [{ gap: 'undecided' as const, detail, howToGet, id, subject: subjectKey(subject) }];
      return { ...base, status: 'unknown', gaps, ...(secondLook !== undefined && { secondLook }) };
    }
    case 'fail': {
      const { status, facts, severity = rule.severity, impact = rule.impact, witness = 'measured', ...rest } = judged;
      return { ...base, status, facts, severity, impact, witness, ...rest };
    }
  }
}
