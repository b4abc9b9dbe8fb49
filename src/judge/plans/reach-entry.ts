// How do clients get to an API server again when the address they use fails?
import { homeOf, lookAt, mendWords, readLog, tryAgain } from '../readings/component-home.ts';
import { type Front, frontOf } from '../readings/front.ts';
import { shellWord } from '../shell-word.ts';
import { takeConfig } from './ask-balancer.ts';
import { say } from '../../model/sentence.ts';
import type { Fix, Need, Seen } from '../../model/rule.ts';
import { type LoadBalancer, leadsTo, type Master } from '../../model/topology.ts';

/** Round it while some API server serves, then to whatever stands there. */
export function planToReachEntry(seen: Seen, entry: LoadBalancer, reason: string | undefined, serving: Master | undefined): readonly Fix[] {
  const around = serving === undefined ? [] : [bypass(serving)];
  if (reason === 'dns') return [...around, lookUp(entry)];
  const front = frontOf(seen, entry);
  const mends = reason === 'refused' || reason === 'timeout' || reason === 'unreachable';
  const need: Need = { text: 'an API server serves', met: serving === undefined ? 'unknown' : 'yes' };
  const verify = [`curl -sk ${shellWord(`https://${entry.subject.id}/readyz`)}`];
  if (front === 'master') return [...around, ...atMaster(seen, entry, mends, verify)];
  const { look, restart } = words(seen, front, entry);
  return [...around, look, ...(mends && restart !== undefined ? [{ ...restart, needs: [need], verify }] : [])];
}

function lookUp(entry: LoadBalancer): Fix {
  const run = [`getent ahosts ${shellWord(entry.host)}`];
  return { do: 'See what the name resolves to', where: 'here', run, risk: 'none', needs: [], verify: [] };
}

/** The kubeconfig names one API server: it is that one which has to come back. */
function atMaster(seen: Seen, entry: LoadBalancer, mends: boolean, verify: readonly string[]): readonly Fix[] {
  const master = seen.topology.masters.find((one) => leadsTo(one, entry.host, entry.port));
  const node = master?.subject.name ?? entry.host;
  const home = homeOf(seen, 'kube-apiserver', master?.subject.keys.node);
  const look: Fix = {
    do: say('The address is that of {node} alone: see why its API server does not serve', { node }),
    where: node,
    run: [`ss -ltnp 'sport = :${entry.port}'`, ...lookAt(home), ...readLog(home, {})],
    risk: 'none',
    needs: [],
    verify: [],
  };
  return mends ? [look, { ...look, do: mendWords(home), run: tryAgain(home), risk: 'medium', verify }] : [look];
}

interface Words {
  readonly look: Fix;
  readonly restart?: Omit<Fix, 'needs' | 'verify'>;
}

/** What a provider or the cluster itself looks after is not ours to start. */
function words(seen: Seen, front: Exclude<Front, 'master'>, entry: LoadBalancer): Words {
  const listens = `ss -ltnp 'sport = :${entry.port}'`;
  const none = { risk: 'none', needs: [], verify: [] } as const;
  const see = { ...none, do: 'See whether anything listens there, and what the balancer logs', where: 'lb' };
  const start = { do: 'If the balancer is not running: check its configuration, then start it', where: 'lb', risk: 'medium' } as const;
  switch (front) {
    case 'haproxy':
      return {
        look: { ...see, run: [listens, 'systemctl status haproxy --no-pager', 'journalctl -u haproxy -n 50 --no-pager'] },
        restart: { ...start, run: ['haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl restart haproxy'] },
      };
    case 'nginx':
      return {
        look: { ...see, run: [listens, 'systemctl status nginx --no-pager', 'journalctl -u nginx -n 50 --no-pager'] },
        restart: { ...start, run: ['nginx -t && systemctl restart nginx'] },
      };
    case 'envoy':
      return {
        look: { ...see, run: [listens, 'systemctl status envoy --no-pager', 'journalctl -u envoy -n 50 --no-pager'] },
        restart: { ...start, run: [takeConfig.Envoy] },
      };
    case 'kube-vip': {
      const home = homeOf(seen, 'kube-vip', undefined);
      const run = [`ip -o addr | grep -F ${shellWord(entry.host)}`, ...lookAt(home), ...readLog(home, {})];
      return { look: { ...none, do: 'See which master holds the address, and what kube-vip logs', where: 'each master', run } };
    }
    case 'provider': {
      const run = [`getent ahosts ${shellWord(entry.host)}`, `nc -zvw3 ${shellWord(entry.host)} ${entry.port}`];
      return {
        look: { ...none, do: 'See, where the provider shows it, whether its balancer finds its targets healthy', where: 'here', run },
      };
    }
    case 'unknown':
      return {
        look: { ...see, run: [listens, 'systemctl status haproxy nginx envoy keepalived --no-pager   # whichever it is'] },
        restart: {
          ...start,
          run: [
            'haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl restart haproxy   # where it is HAProxy',
            'nginx -t && systemctl restart nginx   # where it is Nginx',
            `${takeConfig.Envoy}   # where it is Envoy`,
          ],
        },
      };
  }
}

function bypass(master: Master): Fix {
  const server = shellWord(`--server=https://${master.subject.id}`);
  const needs = [{ text: say('{subject} serves', { subject: master.subject.name }), met: 'yes' as const }];
  const text = 'Until then, go round it';
  return {
    do: text,
    where: 'here',
    run: [`kubectl ${server} get nodes`],
    risk: 'low',
    needs,
    verify: [`kubectl ${server} get --raw /readyz`],
  };
}
