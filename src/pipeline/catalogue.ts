// Which rules and which tree does this version carry, for those who explain rather than diagnose?
import { rules } from '../../rules/index.ts';
import { tree } from '../../rules/tree.ts';

export const catalogue = { rules, tree };
