// Of machines that should hold the same and do not: which of them is the odd one?

/** `odd`: most hold something else · `even`: as many hold something else as hold the same, so nobody can say who is right · `most`: neither. */
type Side = 'odd' | 'even' | 'most';

/** @param others how many machines beside this one are known; `different`: how many of them hold something else */
export function sideOf({ others, different }: { readonly others: number; readonly different: number }): Side {
  if (different === 0) return 'most';
  const alike = others - different + 1;
  return different > alike ? 'odd' : different === alike ? 'even' : 'most';
}
