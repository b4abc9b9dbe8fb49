// Which commands are there?
import Diagnose from '../commands/diagnose.ts';
import Explain from '../commands/explain.ts';
import Lb from '../commands/lb.ts';
import Rules from '../commands/rules.ts';
import Tree from '../commands/tree.ts';

export const commands = { diagnose: Diagnose, explain: Explain, lb: Lb, rules: Rules, tree: Tree };
