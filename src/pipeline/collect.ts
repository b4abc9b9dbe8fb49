// How is everything gathered in one pass, each probe starting as soon as its subject is known?
import { type Evidence, type EvidenceId, type EvidenceItem, evidenceSubjects, type Gap } from '../model/evidence.ts';
import { anyOf, timeLimit } from '../sources/stop-signal.ts';
import { clusterSubject, type Subject, subjectKey } from '../model/subject.ts';
import type { Door, Master, Topology } from '../model/topology.ts';
import { doorsToAsk } from '../judge/topology/doors.ts';
import { joinAddress } from '../model/address.ts';
import { buildTopology, KnownEvidence, topologyReads } from '../judge/topology/build.ts';
import { EvidenceIndex } from '../judge/view.ts';
import type { Given, Probe, Surroundings } from '../probes/probe.ts';
import type { Settings } from '../probes/settings.ts';
import { GapError, type Source } from '../sources/source.ts';

/** The bytes one look brought back, for the recording. */
export interface RawItem {
  readonly id: EvidenceId;
  readonly subject: Subject;
  readonly sample: number;
  readonly raw: string;
}

export interface Collected {
  readonly evidence: Evidence;
  readonly raws: readonly RawItem[];
  /** Milliseconds each probe's slowest look took. */
  readonly timings: Readonly<Record<string, number>>;
}

export interface CollectOptions {
  readonly probes: readonly Probe[];
  readonly source: Source;
  readonly settings: Settings;
  readonly given: Given;
  /** Aborted when the user interrupts. */
  readonly signal: AbortSignal;
  /** Takes secrets out of raw bytes before anything reads or keeps them. */
  readonly redact: (raw: string) => string;
}

/** One run's evidence as it grows. */
export class Collector {
  readonly startedAt = Date.now();
  readonly #options: CollectOptions;
  readonly #items: EvidenceItem[] = [];
  readonly #raws: RawItem[] = [];
  readonly #index = new EvidenceIndex([]);
  readonly #known = new KnownEvidence(this.#index);
  readonly #started = new Set<string>();
  readonly #running = new Set<Promise<void>>();
  readonly #timings = new Map<string, number>();
  readonly #ways = new Set<string>();
  #topology: Topology = buildTopology({ items: [] });
  #passSignal: AbortSignal;

  constructor(options: CollectOptions) {
    this.#options = options;
    this.#passSignal = options.signal;
  }

  get collected(): Collected {
    return {
      evidence: { startedAt: this.startedAt, items: [...this.#items] },
      raws: [...this.#raws],
      timings: Object.fromEntries(this.#timings),
    };
  }

  /**
   * Runs every probe that can run; returns when nothing is left to start. `sample` 0 is the first look. What is not known
   * after `timeoutMs` becomes a gap.
   */
  async pass(sample: number, wanted: (probe: Probe) => boolean, timeoutMs?: number): Promise<void> {
    const probes = this.#options.probes.filter(wanted);
    const { signal } = this.#options;
    this.#passSignal = timeoutMs === undefined ? signal : anyOf(signal, timeLimit(timeoutMs));
    this.#startReady(probes, sample);
    while (this.#running.size > 0) await Promise.race(this.#running);
  }

  /** Says for what was left out on purpose which flag would look at it. */
  leaveOut(probes: readonly Probe[], howToGet: string): void {
    for (const probe of probes) {
      for (const subject of this.#subjectsFor(probe.id)) {
        const detail = `${probe.title}: that takes two looks some seconds apart`;
        this.#add({ state: 'missing', id: probe.id, subject, sample: 0, gap: 'not-collected', detail, howToGet });
      }
    }
  }

  #startReady(probes: readonly Probe[], sample: number): void {
    for (const probe of probes) {
      for (const subject of this.#subjectsFor(probe.id)) {
        const key = `${probe.id} ${subjectKey(subject)} ${sample}`;
        if (this.#started.has(key) || !this.#isReady(probe, subject)) continue;
        this.#started.add(key);
        const look = this.#look(probe, subject, sample).then(() => {
          this.#running.delete(look);
          this.#startReady(probes, sample);
        });
        this.#running.add(look);
      }
    }
  }

  /** What a probe of this evidence has to be run for; a master's other addresses are asked where the first one is silent. */
  #subjectsFor(id: EvidenceId): readonly Subject[] {
    const subjects = subjectsFor(id, this.#topology);
    if (id !== 'api.ready') return subjects;
    const further = this.#topology.masters.flatMap((master) => doorsToAsk(this.#known, master).map((door) => subjectAt(master, door)));
    return [...subjects, ...further];
  }

  #isReady(probe: Probe, subject: Subject): boolean {
    const first =
      this.#options.settings.etcd?.certificate === undefined ? [...probe.after, ...(probe.afterWithoutEtcd ?? [])] : probe.after;
    const settled = (id: EvidenceId, about: Subject): boolean => this.#index.samples(id, about).length > 0;
    const every = (probe.afterEvery ?? []).every((id) => this.#subjectsFor(id).every((about) => settled(id, about)));
    return every && first.every((id) => settled(id, this.#counterpart(id, probe.id, subject)));
  }

  /** The subject whose evidence another probe waits for: the same one, or the cluster's or LB's single one. */
  #counterpart(id: EvidenceId, of: EvidenceId, subject: Subject): Subject {
    if (evidenceSubjects[id] === evidenceSubjects[of]) return subject;
    return subjectsFor(id, this.#topology)[0] ?? clusterSubject;
  }

  async #look(probe: Probe, subject: Subject, sample: number): Promise<void> {
    const began = performance.now();
    const limit = timeLimit(probe.timeoutMs);
    const whole = this.#passSignal;
    const signal = anyOf(whole, limit);
    try {
      const gathered = await orAbort(probe.gather(subject, this.#surroundings(signal, probe, subject)), signal);
      const raw = this.#options.redact(gathered.raw);
      // Kept before it is read: bytes that cannot be read are the ones somebody will want to look at.
      this.#raws.push({ id: probe.id, subject, sample, raw });
      const value = probe.read(raw);
      this.#add({ state: 'known', id: probe.id, subject, value, source: gathered.source, takenAt: Date.now(), sample } as EvidenceItem);
    } catch (error) {
      const gap = gapFrom(error, probe, { overall: whole.aborted, own: limit.aborted });
      this.#add({ state: 'missing', id: probe.id, subject, sample, ...gap });
    }
    const took = Math.round(performance.now() - began);
    this.#timings.set(probe.id, Math.max(took, this.#timings.get(probe.id) ?? 0));
  }

  #surroundings(signal: AbortSignal, probe: Probe, subject: Subject): Surroundings {
    const about = (id: EvidenceId, asked?: Subject): Subject => asked ?? this.#counterpart(id, probe.id, subject);
    const current = (): Topology => this.#topology;
    return {
      given: this.#options.given,
      source: this.#options.source,
      // What becomes known while a probe is at work is of use to it.
      get topology() {
        return current();
      },
      settings: this.#options.settings,
      value: (id, asked) => this.#known.get(id, about(id, asked)),
      gap: (id, asked) => {
        const newest = this.#index.samples(id, about(id, asked)).at(-1);
        return newest?.state === 'missing' ? newest : undefined;
      },
      signal,
    };
  }

  #add(item: EvidenceItem): void {
    this.#items.push(item);
    this.#index.add(item);
    if (!topologyReads.has(item.id)) return;
    this.#topology = buildTopology({ items: this.#items });
    for (const master of this.#topology.masters) {
      if (this.#ways.has(master.subject.id)) continue;
      this.#ways.add(master.subject.id);
      this.#options.source.addWay(master.host, master.port);
    }
  }
}

/** What a probe of this evidence has to be run for, as far as is known now. */
function subjectsFor(id: EvidenceId, topology: Topology): readonly Subject[] {
  switch (evidenceSubjects[id]) {
    case 'cluster':
      return [clusterSubject];
    case 'lb':
      return topology.entry === undefined ? [] : [topology.entry.subject];
    case 'apiserver':
      return [...topology.masters, ...topology.candidates].map((one) => one.subject);
    case 'member':
      return topology.members.filter((member) => member.started).map((one) => one.subject);
    case 'node':
      // Workers may be thousands, and nothing that is asked of a machine itself is asked about them.
      return topology.machines.filter((machine) => machine.controlPlane && machine.host !== undefined).map((one) => one.subject);
  }
}

function subjectAt({ subject }: Master, { host, port }: Door): Subject {
  const id = joinAddress(host, port);
  return { ...subject, id, keys: { ...subject.keys, apiserver: id } };
}

/** Ends with the signal even where the work itself does not listen to it. */
async function orAbort<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  let stop: (() => void) | undefined;
  const aborted = new Promise<never>((_, reject) => {
    stop = () => reject(new Error('stopped before it was known'));
    if (signal.aborted) stop();
    else signal.addEventListener('abort', stop, { once: true });
  });
  work.catch(() => undefined);
  try {
    return await Promise.race([work, aborted]);
  } finally {
    if (stop !== undefined) signal.removeEventListener('abort', stop);
  }
}

function gapFrom(error: unknown, probe: Probe, aborted: { readonly overall: boolean; readonly own: boolean }): Gap {
  if (error instanceof GapError) return error.gap;
  if (aborted.overall) {
    return { gap: 'timeout', detail: `the run ended before "${probe.title}" was known`, howToGet: '--timeout <longer>' };
  }
  if (aborted.own) {
    return { gap: 'timeout', detail: `"${probe.title}" was not known within ${probe.timeoutMs / 1000} s`, howToGet: 'run ha-doctor again' };
  }
  const words = error instanceof Error ? error.message : String(error);
  return { gap: 'failed', detail: `${probe.title}: ${words}`, howToGet: 'run ha-doctor again with --record and look at raw/' };
}
