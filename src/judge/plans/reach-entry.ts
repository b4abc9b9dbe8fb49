// How do clients get to an API server again when the address they use fails?
import { shellWord } from '../shell-word.ts';
import { say } from '../../model/sentence.ts';
import type { Fix } from '../../model/rule.ts';
import type { LoadBalancer, Master } from '../../model/topology.ts';

/** Round it while some API server serves, then to the balancer itself. */
export function planToReachEntry(entry: LoadBalancer, reason: string | undefined, serving: Master | undefined): readonly Fix[] {
  const look: Fix =
    reason === 'dns'
      ? {
          do: 'See what the name resolves to',
          where: 'here',
          run: [`getent ahosts ${shellWord(entry.host)}`],
          risk: 'none',
          needs: [],
          verify: [],
        }
      : {
          do: 'See whether anything listens there, and what the balancer logs',
          where: 'lb',
          run: [`ss -ltnp 'sport = :${entry.port}'`, 'systemctl status haproxy --no-pager', 'journalctl -u haproxy -n 50 --no-pager'],
          risk: 'none',
          needs: [],
          verify: [],
        };
  const verify = [`curl -sk ${shellWord(`https://${entry.subject.id}/readyz`)}`];
  const restart: Fix = {
    do: 'If the balancer is not running: check its configuration, then start it',
    where: 'lb',
    run: ['haproxy -c -f /etc/haproxy/haproxy.cfg && systemctl restart haproxy'],
    risk: 'medium',
    needs: [{ text: 'an API server serves', met: serving === undefined ? 'unknown' : 'yes' }],
    verify,
  };
  const steps = [look, ...(reason === 'refused' || reason === 'timeout' || reason === 'unreachable' ? [restart] : [])];
  return serving === undefined ? steps : [bypass(serving), ...steps];
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
