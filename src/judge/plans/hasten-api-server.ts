// What keeps an API server that runs from answering in time?
import { homeOf, manifestOf, readLog } from '../readings/component-home.ts';
import { shellWord } from '../shell-word.ts';
import { say } from '../../model/sentence.ts';
import type { Fix, Seen } from '../../model/rule.ts';

export function planToFindLoad(seen: Seen, node: string): Fix {
  const isPod = homeOf(seen, 'kube-apiserver', node).kind === 'static-pod';
  return {
    do: say('See what keeps {node} busy: its processors, its disk, or a limit of the container', { node }),
    where: node,
    run: [
      'uptime; head -1 /proc/pressure/cpu /proc/pressure/io /proc/pressure/memory',
      ...(isPod ? ['crictl stats --label component=kube-apiserver'] : []),
      'top -b -n 1 | head -15',
    ],
    risk: 'none',
    needs: [],
    verify: [],
  };
}

export function planToFindWait(seen: Seen, node: string, address: string): Fix {
  const home = homeOf(seen, 'kube-apiserver', node);
  const flags = "grep -nE 'webhook|authentication-config|authorization-config|max-requests|audit'";
  return {
    do: 'See what its requests wait for: a webhook for audit, logins or rights, or a queue that is full',
    where: node,
    run: [
      ...(home.kind === 'static-pod' ? [`${flags} ${manifestOf(home)}`] : []),
      ...readLog(home, { lines: 200, filter: "grep -iE 'audit|webhook|timeout|took too long'" }),
    ],
    risk: 'none',
    needs: [],
    verify: [`kubectl ${shellWord(`--server=https://${address}`)} --request-timeout=5s get namespace kube-system`],
  };
}
