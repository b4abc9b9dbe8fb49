// How does a master's administrator's kubeconfig come to the operator, with nothing that was there before lost?
import { inBrackets } from '../../model/address.ts';
import type { Fix, Need } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import type { Master } from '../../model/topology.ts';
import { shellWord } from '../shell-word.ts';

/** Beside the one in use, which may hold contexts of other clusters, and under a name that says whose it is. */
export function bringKubeconfig({ subject, host }: Master, path: string, need: Need): Fix {
  const beside = shellWord(`${path}.${subject.keys.node ?? subject.name}`);
  return {
    do: say('Bring that of {node} here, beside the old file', { node: subject.name }),
    where: 'here',
    run: [
      `test ! -e ${beside} && (umask 077; scp ${shellWord(`root@${inBrackets(host)}:/etc/kubernetes/admin.conf`)} ${beside})`,
      `export KUBECONFIG=${beside}`,
    ],
    risk: 'low',
    needs: [need],
    verify: ['kubectl auth whoami'],
    undo: ['unset KUBECONFIG', `rm ${beside}`],
  };
}
