// What does a rule get to see, and what did it look at?
import {
  type Citation,
  type Evidence,
  type EvidenceId,
  type EvidenceItem,
  evidenceSubjects,
  type Known,
  type Missing,
} from '../model/evidence.ts';
import type { Seen, Tally } from '../model/rule.ts';
import { clusterSubject, type Subject, subjectKey } from '../model/subject.ts';
import type { Topology } from '../model/topology.ts';
import type { GapSeen } from '../model/verdict.ts';

/** Ends a judgement: evidence it cannot do without is missing. Ordinary, and thrown hundreds of times a run: it keeps no stack. */
export class MissingEvidence extends Error {
  readonly gaps: readonly GapSeen[];
  constructor(gaps: readonly GapSeen[]) {
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(gaps.map((gap) => gap.detail).join('; '));
    Error.stackTraceLimit = stackTraceLimit;
    this.gaps = gaps;
  }
}

/** Ends a judgement: what it is about does not exist here. */
export class DoesNotApply extends Error {}

/** What a function of evidence alone gave, and what it read for that. */
type SharedReading = { readonly cites: ReadonlySet<Citation> } & ({ readonly value: unknown } | { readonly gaps: readonly GapSeen[] });

/** Evidence by id and subject, oldest sample first. */
export class EvidenceIndex {
  /** By the function that reads. */
  readonly shared = new Map<unknown, SharedReading>();
  readonly #items = new Map<EvidenceId, Map<string, EvidenceItem[]>>();

  constructor(items: readonly EvidenceItem[]) {
    for (const item of items) this.add(item);
  }

  add(item: EvidenceItem): void {
    this.shared.clear();
    const subjects = this.#items.get(item.id) ?? new Map<string, EvidenceItem[]>();
    this.#items.set(item.id, subjects);
    const key = subjectKey(item.subject);
    const samples = subjects.get(key) ?? [];
    subjects.set(key, samples);
    samples.push(item);
    samples.sort((one, other) => one.sample - other.sample);
  }

  samples(id: EvidenceId, subject: Subject): readonly EvidenceItem[] {
    return this.#items.get(id)?.get(subjectKey(subject)) ?? [];
  }

  /** The newest known sample of each subject, or its newest gap; by subject key, so that the order of arrival does not matter. */
  newest(id: EvidenceId): readonly EvidenceItem[] {
    const subjects = [...(this.#items.get(id)?.entries() ?? [])].sort(([one], [other]) => (one < other ? -1 : 1));
    return subjects.flatMap(([, samples]) => samples.findLast((item) => item.state === 'known') ?? samples.slice(-1));
  }
}

/** A view that notes everything read through it. */
export class RecordingView implements Seen {
  readonly cites = new Set<Citation>();
  readonly topology: Topology;
  readonly startedAt: number;
  readonly #index: EvidenceIndex;

  constructor(evidence: Pick<Evidence, 'startedAt'>, index: EvidenceIndex, topology: Topology) {
    this.topology = topology;
    this.startedAt = evidence.startedAt;
    this.#index = index;
  }

  get<I extends EvidenceId>(id: I, subject?: Subject): Known<I>['value'] {
    return this.known(id, subject).value;
  }

  known<I extends EvidenceId>(id: I, subject?: Subject): Known<I> {
    const samples = this.samples(id, subject);
    return samples[samples.length - 1] as Known<I>;
  }

  samples<I extends EvidenceId>(id: I, subject?: Subject): readonly Known<I>[] {
    const about = subject ?? this.#defaultSubject(id);
    const items = this.#read(id, about);
    const known = items.filter((item) => item.state === 'known');
    if (known.length > 0) return known as unknown as readonly Known<I>[];
    const missing = items.find((item): item is Missing => item.state === 'missing');
    throw new MissingEvidence([missing === undefined ? nobodyLooked(id, about) : gapOf(missing)]);
  }

  peek<I extends EvidenceId>(id: I, subject?: Subject): Known<I> | Missing | undefined {
    const items = this.#read(id, subject ?? this.#defaultSubject(id));
    const known = items.filter((item) => item.state === 'known');
    return (known[known.length - 1] ?? items[items.length - 1]) as Known<I> | Missing | undefined;
  }

  every<I extends EvidenceId>(id: I): readonly (Known<I> | Missing)[] {
    const items = this.#index.newest(id);
    for (const item of items) this.#cite(id, item.subject);
    return items as readonly (Known<I> | Missing)[];
  }

  either<T>(one: () => T, other: () => T): T {
    try {
      return one();
    } catch (first) {
      if (!(first instanceof MissingEvidence)) throw first;
      try {
        return other();
      } catch (second) {
        if (!(second instanceof MissingEvidence)) throw second;
        throw new MissingEvidence([...first.gaps, ...second.gaps]);
      }
    }
  }

  shared<T>(read: (seen: Seen) => T): T {
    const known = this.#index.shared.get(read) ?? this.#readApart(read);
    for (const cite of known.cites) this.cites.add(cite);
    if ('gaps' in known) throw new MissingEvidence(known.gaps);
    return known.value as T;
  }

  #readApart(read: (seen: Seen) => unknown): SharedReading {
    const view = new RecordingView(this, this.#index, this.topology);
    const { cites } = view;
    let reading: SharedReading;
    try {
      reading = { cites, value: read(view) };
    } catch (error) {
      if (!(error instanceof MissingEvidence)) throw error;
      reading = { cites, gaps: error.gaps };
    }
    this.#index.shared.set(read, reading);
    return reading;
  }

  attempt<T>(act: () => T): T | undefined {
    try {
      return act();
    } catch (error) {
      if (error instanceof MissingEvidence) return undefined;
      throw error;
    }
  }

  tally<T>(items: readonly T[], test: (item: T) => boolean): Tally<T> {
    const result = { yes: [] as T[], no: [] as T[], unknown: [] as T[] };
    for (const item of items) {
      const answer = this.attempt(() => test(item));
      const side = answer === undefined ? result.unknown : answer ? result.yes : result.no;
      side.push(item);
    }
    return result;
  }

  #read(id: EvidenceId, subject: Subject): readonly EvidenceItem[] {
    this.#cite(id, subject);
    return this.#index.samples(id, subject);
  }

  #cite(id: EvidenceId, subject: Subject): void {
    this.cites.add(`${id} ${subjectKey(subject)}`);
  }

  #defaultSubject(id: EvidenceId): Subject {
    if (evidenceSubjects[id] !== 'lb') return clusterSubject;
    return this.topology.entry?.subject ?? clusterSubject;
  }
}

function gapOf(missing: Missing): GapSeen {
  const { gap, detail, howToGet, id } = missing;
  const through = missing.through === undefined ? {} : { through: missing.through };
  return { gap, detail, howToGet, id, subject: subjectKey(missing.subject), ...through };
}

function nobodyLooked(id: EvidenceId, subject: Subject): GapSeen {
  return {
    gap: 'not-collected',
    detail: `${id} was not looked at for ${subject.name}`,
    howToGet: 'run ha-doctor again without --only and with a longer --timeout',
    id,
    subject: subjectKey(subject),
  };
}
