// In which steps does a kubelet get the certificates that it ought to have had by now?
import type { Fix, Need, Seen } from '../../model/rule.ts';
import { say } from '../../model/sentence.ts';
import { anotherServes } from '../readings/api-server.ts';
import { kubeletPlace, kubeletUnit, lookAtItsLogin, renewsAtStart, restartKubelet } from '../readings/kubelet-home.ts';
import { hasNoShell, talosctl } from '../readings/talosctl.ts';
import { quorumWithout } from '../readings/voters.ts';
import { shellWord } from '../shell-word.ts';

export function planToAskAgain(seen: Seen, node: string): readonly Fix[] {
  if (renewsAtStart(seen)) return [startAnew(seen, node)];
  const look: Fix = {
    do: say('See whether the kubelet on {node} asks, and whether anybody answers', { node }),
    where: 'here',
    run: ['kubectl get csr --sort-by=.metadata.creationTimestamp', `kubectl get csr -o wide | grep ${shellWord(`system:node:${node}`)}`],
    risk: 'none',
    needs: [],
    verify: [],
  };
  const settings = hasNoShell(seen)
    ? talosctl(seen, node, 'get kubeletspec -o yaml')
    : 'grep -E "rotateCertificates|serverTLSBootstrap" /var/lib/kubelet/config.yaml';
  const ask: Fix = {
    do: say('Let the kubelet on {node} ask again', { node }),
    where: kubeletPlace(seen, node),
    run: [settings, `${restartKubelet(seen, node)}   # it asks again at its start`],
    risk: 'low',
    needs: [],
    verify: ['kubectl get csr'],
  };
  return [look, ask];
}

/** Nothing is asked for or approved there: whatever starts the kubelet makes its certificates first. */
function startAnew(seen: Seen, node: string): Fix {
  const isMaster = seen.topology.machines.some((one) => one.subject.id === node && one.controlPlane);
  const member = seen.topology.members.find((one) => one.subject.keys.node === node);
  const api: Need = { text: 'another API server serves while it restarts', met: anotherServes(seen, node) };
  const quorum: Need = {
    text: 'the other voters keep a quorum while it restarts',
    met: member === undefined ? 'unknown' : quorumWithout(seen, [member]),
  };
  return {
    do: say('Let {unit} on {node} make new ones: it does at every start', { unit: kubeletUnit(seen, node), node }),
    where: node,
    run: [restartKubelet(seen, node)],
    risk: isMaster ? 'medium' : 'low',
    needs: isMaster ? [api, quorum] : [],
    verify: lookAtItsLogin(seen),
  };
}
