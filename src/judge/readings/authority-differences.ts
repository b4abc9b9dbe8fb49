// From which machines does one differ in what it holds, and which of them is the odd one?
import type { AuthorityHolder } from './authority-holders.ts';

export type KeysOf = (holder: AuthorityHolder) => readonly string[] | undefined;

/** What lies in its files: whoever finds nothing of his own there refuses what that machine signs. */
export const heldKeys: KeysOf = ({ files }) => files;

/** What signed what it serves; what else it accepts does not show there. */
export const signingKeys: KeysOf = ({ servedBy }) => (servedBy === undefined ? undefined : [servedBy]);

export interface Difference {
  /** Machines with which it has nothing in common. */
  readonly from: readonly AuthorityHolder[];
  /** One of them that holds what most machines do; absent where nobody can say which side is right. */
  readonly model?: AuthorityHolder;
  /** One that has something in common with both sides: an authority is being exchanged. */
  readonly bridge?: AuthorityHolder;
}

/**
 * Undefined where it has something in common with everybody, or only with those not who are the odd ones themselves.
 * A majority says who is odd and excuses nobody else: two that refuse each other are told, however many hold both.
 */
export function differenceOf(own: AuthorityHolder, all: readonly AuthorityHolder[], keysOf: KeysOf): Difference | undefined {
  const known = all.filter((one) => keysOf(one) !== undefined);
  if (!known.includes(own)) return undefined;
  const shared = (one: AuthorityHolder, other: AuthorityHolder): boolean =>
    keysOf(one)?.some((key) => keysOf(other)?.includes(key)) === true;
  const usual = keysOfMost(known, keysOf);
  const isUsual = (one: AuthorityHolder): boolean => keysOf(one)?.some((key) => usual.includes(key)) === true;
  const isOdd = (one: AuthorityHolder): boolean => usual.length > 0 && !isUsual(one);
  const from = known.filter((one) => !shared(one, own) && !isTold(one, own, keysOf));
  if (from.length === 0 || (!isOdd(own) && from.every(isOdd))) return undefined;
  const bridge = known.find((one) => shared(one, own) && from.some((other) => shared(one, other)));
  const model = isOdd(own) && bridge === undefined ? from.find(isUsual) : undefined;
  return { from, ...(model !== undefined && { model }), ...(bridge !== undefined && { bridge }) };
}

/** Where the files of both were read, they tell what each accepts; who signed says nothing beside them. */
function isTold(one: AuthorityHolder, other: AuthorityHolder, keysOf: KeysOf): boolean {
  return keysOf !== heldKeys && one.files !== undefined && other.files !== undefined;
}

function keysOfMost(known: readonly AuthorityHolder[], keysOf: KeysOf): readonly string[] {
  const counts = new Map<string, number>();
  for (const one of known) for (const key of new Set(keysOf(one))) counts.set(key, (counts.get(key) ?? 0) + 1);
  return [...counts].filter(([, count]) => count * 2 > known.length).map(([key]) => key);
}
