// Which commands are there?
import Certs from '../commands/certs.ts';
import Diagnose from '../commands/diagnose.ts';
import Etcd from '../commands/etcd.ts';
import Explain from '../commands/explain.ts';
import Lb from '../commands/lb.ts';
import Rules from '../commands/rules.ts';
import Tree from '../commands/tree.ts';

export const commands = { certs: Certs, diagnose: Diagnose, etcd: Etcd, explain: Explain, lb: Lb, rules: Rules, tree: Tree };
