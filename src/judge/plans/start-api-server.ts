// How does one API server get going again?
import { shellWord } from '../shell-word.ts';
import { say } from '../../model/sentence.ts';
import type { Certainty, Fix } from '../../model/rule.ts';

const logs = "crictl logs --tail 50 $(crictl ps -aq --name '^kube-apiserver$' | head -1)";

/** Looks first; the kubelet starts it again once what stood in the way is gone. */
export function planToStartApiServer(node: string, address: string, anotherServes: Certainty): readonly Fix[] {
  return [
    {
      do: say('See why the API server on {node} does not serve', { node }),
      where: node,
      run: ["crictl ps -a --name '^kube-apiserver$'", logs, 'ls -l /etc/kubernetes/manifests'],
      risk: 'none',
      needs: [],
      verify: [],
    },
    {
      do: 'Mend what that shows, then let the kubelet start it again',
      where: node,
      run: ['systemctl restart kubelet'],
      risk: 'medium',
      needs: [{ text: 'another API server serves', met: anotherServes }],
      verify: [`curl -sk ${shellWord(`https://${address}/readyz`)}`],
    },
  ];
}

/** With none left there is nothing to keep up meanwhile, but etcd's data may be what is wrong. */
export function planToStartAny(node: string, address: string): readonly Fix[] {
  return [
    {
      do: say('See what runs on {node}; one API server is enough to go on', { node }),
      where: node,
      run: [
        "crictl ps -a --name 'kube-apiserver|etcd'",
        logs,
        'journalctl -u kubelet -n 100 --no-pager',
        'ls -l /etc/kubernetes/manifests /var/lib/etcd/member',
      ],
      risk: 'none',
      needs: [],
      verify: [],
    },
    {
      do: 'Mend what that shows, then let the kubelet start it again',
      where: node,
      run: ['systemctl restart kubelet'],
      risk: 'medium',
      needs: [{ text: say('/var/lib/etcd/member on {node} is intact', { node }), met: 'unknown' }],
      verify: [`curl -sk ${shellWord(`https://${address}/readyz`)}`],
    },
  ];
}
