// What can a verdict be about, and by which keys do two verdicts touch the same thing?

/** The kinds of thing a rule can judge. */
export type SubjectKind = 'cluster' | 'operator' | 'lb' | 'apiserver' | 'node' | 'member' | 'object' | 'file';

/**
 * Names shared between subjects. An absent key is unknown and equals nothing, not even another absent one.
 * `apiserver` is host:port, `member` the etcd member id in hex (or its address while the id is unknown),
 * `lb` host:port, `object` namespace/kind/name.
 */
export interface Keys {
  readonly node?: string;
  readonly apiserver?: string;
  readonly member?: string;
  readonly lb?: string;
  readonly object?: string;
  readonly file?: string;
}

export type KeyName = keyof Keys;

export interface Subject {
  readonly kind: SubjectKind;
  /** Unique within its kind. */
  readonly id: string;
  /** What a person calls it, such as m2. */
  readonly name: string;
  readonly keys: Keys;
}

/** The subject of rules that judge the cluster as a whole. */
export const clusterSubject: Subject = { kind: 'cluster', id: 'cluster', name: 'cluster', keys: {} };

/** A text that is equal for equal subjects, such as `apiserver/10.89.0.12:6443`. */
export function subjectKey(subject: Subject): string {
  return `${subject.kind}/${subject.id}`;
}

/** Whether both sides know the key and agree on it. */
export function sharesKey(one: Keys, other: Keys, key: KeyName): boolean {
  const value = one[key];
  return value !== undefined && value === other[key];
}
