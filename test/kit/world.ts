// A small cluster to judge in unit tests: everything healthy until a test says otherwise.
import type { EvidenceId, EvidenceItem, EvidenceTypes, Gap } from '../../src/model/evidence.ts';
import { evidenceSubjects } from '../../src/model/evidence.ts';
import type { EtcdStatus } from '../../src/model/etcd.ts';
import type { CertificateSeen, Failure, FailureClass, Try } from '../../src/model/network.ts';
import { clusterSubject, type Subject } from '../../src/model/subject.ts';
import type { AnyRule } from '../../src/model/rule.ts';
import type { Fail, Verdict } from '../../src/model/verdict.ts';
import { judgeAll } from '../../src/judge/judge.ts';
import { buildTopology } from '../../src/judge/topology/build.ts';
import { healthyItems, leafOf, now } from './healthy.ts';

export { now } from './healthy.ts';

/** m1 -> 10.89.0.11 */
export function addressOf(node: string): string {
  return `10.89.0.1${node.slice(1)}`;
}

const lb: Subject = { kind: 'lb', id: '10.89.0.10:8443', name: 'LB', keys: { lb: '10.89.0.10:8443' } };

/** The subject evidence is filed under: `m2` means whatever of that kind runs on m2; nothing means cluster or LB. */
export function subjectOf(id: EvidenceId, node?: string): Subject {
  const kind = evidenceSubjects[id];
  if (kind === 'cluster') return clusterSubject;
  if (kind === 'lb') return lb;
  if (node === undefined) throw new Error(`${id} needs a node`);
  const suffix = { apiserver: ':6443', member: ':2379', node: '' }[kind];
  const subjectId = kind === 'node' ? node : `${addressOf(node)}${suffix}`;
  return { kind, id: subjectId, name: node, keys: { node } };
}

/** Evidence under construction. Every method returns the world itself. */
export class World {
  #items: EvidenceItem[];

  constructor(items: readonly EvidenceItem[]) {
    this.#items = [...items];
  }

  /** Replaces the value of one piece of evidence; a change gets the value there was. */
  set<Id extends EvidenceId>(
    id: Id,
    node: string | undefined,
    value: EvidenceTypes[Id] | ((old: EvidenceTypes[Id]) => EvidenceTypes[Id]),
  ): this {
    const subject = subjectOf(id, node);
    const old = this.#items.find((item) => item.id === id && item.subject.id === subject.id && item.state === 'known');
    const next = typeof value === 'function' ? (value as (old: unknown) => unknown)(old?.state === 'known' ? old.value : undefined) : value;
    this.drop(id, node);
    this.#items.push({ state: 'known', id, subject, value: next, source: 'direct', takenAt: now, sample: 0 } as EvidenceItem);
    return this;
  }

  /** Adds a later sample. */
  again<Id extends EvidenceId>(id: Id, node: string | undefined, value: EvidenceTypes[Id], afterMs = 15_000): this {
    const subject = subjectOf(id, node);
    const sample = this.#items.filter((item) => item.id === id && item.subject.id === subject.id).length;
    this.#items.push({ state: 'known', id, subject, value, source: 'direct', takenAt: now + afterMs, sample } as EvidenceItem);
    return this;
  }

  /** Turns evidence into a gap: for one node, or (no node) for every subject it has. */
  missing(id: EvidenceId, node?: string, gap: Partial<Gap> = {}): this {
    const full: Gap = { gap: 'denied', detail: 'not allowed', howToGet: 'ask for access', ...gap };
    const affected = this.#items.filter((item) => item.id === id && (node === undefined || item.subject.id === subjectOf(id, node).id));
    this.#items = this.#items.filter((item) => !affected.includes(item));
    for (const item of affected) this.#items.push({ state: 'missing', id, subject: item.subject, sample: item.sample, ...full });
    return this;
  }

  /** Nobody looked. */
  drop(id: EvidenceId, node?: string): this {
    this.#items = this.#items.filter((item) => item.id !== id || (node !== undefined && item.subject.id !== subjectOf(id, node).id));
    return this;
  }

  get evidence() {
    return { startedAt: now, items: this.#items };
  }

  get topology() {
    return buildTopology(this.evidence);
  }

  judge(rule: AnyRule): readonly Verdict[] {
    return inEnglish(judgeAll([rule], this.evidence, this.topology));
  }

  /** The verdict on one subject, by its name (m2, LB, cluster, kube-system/Lease/kube-scheduler …). */
  verdict(rule: AnyRule, name: string): Verdict {
    const verdicts = this.judge(rule);
    const found = verdicts.find((verdict) => verdict.subject.name === name || verdict.subject.id === name);
    if (found === undefined) throw new Error(`no verdict on ${name}; there are ${verdicts.map((v) => v.subject.name).join(', ')}`);
    return found;
  }
}

/** Three masters behind HAProxy, stacked etcd, one worker, looked at with every credential. */
/** Sentences as they are written to JSON, so that a test compares plain texts. */
export function inEnglish<T>(value: T): T {
  return JSON.parse(JSON.stringify(value)) as T;
}

export function healthyWorld(): World {
  return new World(healthyItems());
}

/** The verdict as a failing one; the test ends with what it really was otherwise. */
export function asFail(verdict: Verdict): Fail {
  if (verdict.status !== 'fail') throw new Error(`expected fail, got ${JSON.stringify(verdict)}`);
  return verdict;
}

export function failure(why: FailureClass, detail: string = why, alert?: number): Failure {
  return { kind: 'failed', why, detail, ...(alert !== undefined && { alert }) };
}

/** One answered try; `serverTime` defaults to the true time, cut to whole seconds. */
export function answered(node: string, status: number, body = '', change: Partial<Try> = {}, serverTime = now): Try {
  return {
    address: `${addressOf(node)}:6443`,
    sentAt: now,
    receivedAt: now + 5,
    connected: true,
    chain: [leafOf(node)],
    trust: { kind: 'trusted' },
    outcome: { kind: 'answered', status, body, serverTime: Math.floor(serverTime / 1000) * 1000 },
    ...change,
  };
}

/** Three failed tries in one window. */
export function failedTries(node: string, why: FailureClass): readonly Try[] {
  const connected = why !== 'refused' && why !== 'timeout' && why !== 'dns' && why !== 'unreachable';
  const one: Try = {
    address: `${addressOf(node)}:6443`,
    sentAt: now,
    receivedAt: now + 1000,
    connected,
    chain: [],
    trust: { kind: 'not-judged', why: 'no certificate was seen' },
    outcome: failure(why),
  };
  return [one, { ...one, sentAt: now + 300 }, { ...one, sentAt: now + 600 }];
}

/** A status as m1 gives it, changed where the test wants. */
export function etcdStatus(change: Partial<EtcdStatus>): (old: EvidenceTypes['etcd.status']) => EvidenceTypes['etcd.status'] {
  return (old) => {
    if (old.kind !== 'answered') throw new Error('the old status was no answer');
    return { ...old, ...change };
  };
}

/** A certificate like the one a node serves, with other dates or names. */
export function certificate(node: string, change: Partial<CertificateSeen> = {}): CertificateSeen {
  return { ...leafOf(node), ...change };
}
