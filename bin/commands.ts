// Which commands are there?
import Certs from '../commands/certs.ts';
import Clocks from '../commands/clocks.ts';
import Diagnose from '../commands/diagnose.ts';
import Etcd from '../commands/etcd.ts';
import Explain from '../commands/explain.ts';
import Lb from '../commands/lb.ts';
import Leaders from '../commands/leaders.ts';
import Rules from '../commands/rules.ts';
import Tree from '../commands/tree.ts';

export const commands = {
  certs: Certs,
  clocks: Clocks,
  diagnose: Diagnose,
  etcd: Etcd,
  explain: Explain,
  lb: Lb,
  leaders: Leaders,
  rules: Rules,
  tree: Tree,
};
