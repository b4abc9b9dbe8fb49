// How does one API server get going again?
import { type Home, homeOf, lookAt, mendWords, readLog, tryAgain } from '../readings/component-home.ts';
import { shellWord } from '../shell-word.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Certainty, Fix, Need, Seen } from '../../model/rule.ts';

/** Looks first; whatever keeps it running starts it again once what stood in the way is gone. */
export function planToStartApiServer(seen: Seen, node: string, address: string, anotherServes: Certainty): readonly Fix[] {
  const home = homeOf(seen, 'kube-apiserver', node);
  const look = lookFor(say('See why the API server on {node} does not serve', { node }), node, [...lookAt(home), ...readLog(home, {})]);
  return [look, again(home, node, address, { text: 'another API server serves', met: anotherServes })];
}

/** With none left there is nothing to keep up meanwhile, but etcd's data may be what is wrong. */
export function planToStartAny(seen: Seen, node: string, address: string): readonly Fix[] {
  const home = homeOf(seen, 'kube-apiserver', node);
  const etcd = homeOf(seen, 'etcd', node);
  const beside = etcd.kind === 'static-pod' ? [...lookAt(etcd), 'ls -l /var/lib/etcd/member'] : [];
  const kubelet = home.kind === 'static-pod' ? ['journalctl -u kubelet -n 100 --no-pager'] : [];
  const words = say('See what runs on {node}; one API server is enough to go on', { node });
  return [
    lookFor(words, node, [...lookAt(home), ...readLog(home, {}), ...beside, ...kubelet]),
    again(home, node, address, { text: say('the data of etcd on {node} is intact', { node }), met: 'unknown' }),
  ];
}

function lookFor(words: Text, node: string, run: readonly string[]): Fix {
  return { do: words, where: node, run, risk: 'none', needs: [], verify: [] };
}

function again(home: Home, node: string, address: string, need: Need): Fix {
  const verify = [`curl -sk ${shellWord(`https://${address}/readyz`)}`];
  return { do: mendWords(home), where: node, run: tryAgain(home), risk: 'medium', needs: [need], verify };
}
