// On a master that is a load balancer too: do both listen at the same port?
import { joinAddress } from '../../src/model/address.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { readApiServer } from '../../src/judge/readings/api-server.ts';
import { type ApiPath, apiPathsOf } from '../../src/judge/readings/balancer-files.ts';
import { parseFlags } from '../../src/model/flags.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Bind } from '../../src/model/balancer.ts';
import type { Seen } from '../../src/model/rule.ts';
import type { Master } from '../../src/model/topology.ts';

type Needs = 'lb.config' | 'api.ready' | 'kube.nodes' | 'kube.control-plane-pods' | 'here.files' | 'lb.tries';

export default defineRule({
  id: 'lb-port-conflict',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  final: true,
  title: '{software} and the API server on {node} both want port {port}',
  healthy: 'no load balancer shares a port with an API server',
  why: 'Whichever starts second cannot listen: after a reboot it may be the other one.',
  shows: ['{software} binds {bind} ({file}); the API server listens at {listens}'],
  folded: '{software} and the API server both want port {port}',
  needs: ['lb.config', 'api.ready', 'kube.nodes', 'kube.control-plane-pods', 'here.files', 'lb.tries'],
  limits: {},
  reasons: ['api-server-lost', 'both-configured'],
  subjects: (seen) => balancingMasters(seen).map(({ master }) => nodeOf(master)),
  judge: (seen, _limits, subject) => {
    const found = balancingMasters(seen).find(({ master }) => master.subject.keys.node === subject.keys.node);
    if (found === undefined) return undecided(`${subject.name} is no master with a balancer any more`, '--lb-config <node>=<file>');
    const { master, paths } = found;
    const own = bindAddress(seen, master);
    const clash = paths.flatMap((path) => path.binds.map((bind) => ({ path, bind }))).find(({ bind }) => overlaps(bind, own, master));
    if (clash === undefined) return pass({ node: subject.name });
    const { path, bind } = clash;
    const facts = {
      node: subject.name,
      software: path.software,
      file: path.file,
      port: bind.port,
      bind: joinAddress(bind.host === '' ? '*' : bind.host, bind.port),
      listens: joinAddress(own ?? '*', master.port),
    };
    const reading = seen.attempt(() => readApiServer(seen, master));
    if (reading?.kind === 'silent' && reading.why === 'refused')
      return fail(facts, { reason: 'api-server-lost', severity: 'critical', impact: 'degraded', witness: 'stated' });
    return fail(facts, { reason: 'both-configured', witness: 'stated' });
  },
  explains: [
    {
      to: 'vip-holder-lb-down',
      kind: 'causes',
      on: 'node',
      because: 'the API server took the port, and the balancer could not start',
      when: ({ cause }) => (cause.reason === 'both-configured' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'the balancer took the port, and the API server ends as soon as it finds that out',
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'the balancer took the port, and the API server cannot listen',
      produces: ['refused', 'closed', 'reset'],
      unproven: true,
    },
  ],
  fixes: ({ facts, subjects }) => {
    const node = subjects[0]?.name ?? 'lb';
    return [
      { do: 'See who listens there', where: node, run: [`ss -ltnp 'sport = :${facts['port']}'`], risk: 'none', needs: [], verify: [] },
      {
        do: 'Move the balancer to a port of its own, such as 8443, and let every kubeconfig, kubeadm’s controlPlaneEndpoint and the certificates follow',
        where: node,
        run: [`haproxy -c -f ${shellWord(String(facts['file']))} && systemctl reload haproxy`],
        risk: 'medium',
        needs: [{ text: 'clients have been told the new port', met: 'unknown' }],
        verify: ["ss -ltn 'sport = :6443 or sport = :8443'"],
      },
    ];
  },
  avoid: () => ['reboot a master before this is mended: the other one of the two may win the port'],
  reading: [
    'https://github.com/kubernetes/kubeadm/blob/main/docs/ha-considerations.md',
    'https://man7.org/linux/man-pages/man7/socket.7.html',
  ],
  errors: [
    'cannot bind socket (Address already in use)',
    'failed to create listener: failed to listen on 0.0.0.0:6443: listen tcp 0.0.0.0:6443: bind: address already in use',
  ],
});

function nodeOf({ subject }: Master) {
  const { node = subject.name } = subject.keys;
  return { kind: 'node' as const, id: node, name: subject.name, keys: subject.keys };
}

/** Masters whose machine a file names as its own. */
function balancingMasters(seen: Seen<Needs>): readonly { readonly master: Master; readonly paths: readonly ApiPath[] }[] {
  const paths = apiPathsOf(seen);
  return seen.topology.masters
    .map((master) => ({
      master,
      paths: paths.filter((path) =>
        [master.subject.name, master.subject.keys.node, ...master.doors.map(({ host }) => host)].includes(path.node),
      ),
    }))
    .filter((one) => one.paths.length > 0);
}

/** The API server's --bind-address; undefined is every address, its own default. */
function bindAddress(seen: Seen<Needs>, master: Master): string | undefined {
  const pods = seen.peek('kube.control-plane-pods');
  const pod =
    pods?.state === 'known'
      ? pods.value.pods.find((one) => one.component === 'kube-apiserver' && one.node === master.subject.keys.node)
      : undefined;
  const address = pod?.containers.map((one) => parseFlags(one.command).get('bind-address')).find((one) => one !== undefined);
  return address === '0.0.0.0' || address === '::' ? undefined : address;
}

/** A socket for every address leaves no room for another one at its port, whichever of the two it is (without SO_REUSEPORT). */
function overlaps(bind: Bind, own: string | undefined, master: Master): boolean {
  return bind.port === master.port && (bind.host === '' || own === undefined || bind.host === own);
}
