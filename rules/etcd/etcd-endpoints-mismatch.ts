// Does this API server ask the etcd members there are?
import { joinAddress } from '../../src/model/address.ts';
import { editSettings, showSettings } from '../../src/judge/plans/change-settings.ts';
import { homeOf, wayToFlags } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { mastersOf, masterOf } from '../../src/judge/readings/api-server.ts';
import { checkedReasons } from '../../src/judge/readings/backend.ts';
import { commandLineOf, isCurrent } from '../../src/judge/readings/command-line.ts';
import { speaksOnlyOf } from '../../src/judge/readings/component-flags.ts';
import { type Endpoint, endpointsIn, wrongWith } from '../../src/judge/readings/etcd-endpoints.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { kubeletHangsOnOwnApiServer } from '../../src/judge/readings/host.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Edge, Fix, Link, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Support } from '../../src/model/verdict.ts';

export default defineRule({
  id: 'etcd-endpoints-mismatch',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 3,
  title: 'the API server on {node} is pointed at the wrong etcd: {words}',
  healthy: 'every API server asks the etcd members there are',
  why: 'Each address in --etcd-servers that is no member is a request that waits or fails; with no right one left the API server cannot start.',
  shows: ['each endpoints: {url}  {words}', 'members: {members}'],
  folded: '{words}',
  needs: [
    'kube.control-plane-pods',
    'here.files',
    'kube.nodes',
    'kube.node-leases',
    'api.ready',
    'etcd.members',
    'etcd.status',
    'etcd.health',
    'etcd.metrics',
    'etcd.client-port',
    'etcd.peer-port',
  ],
  limits: {
    external: {
      value: 3,
      unit: 'endpoints of an external etcd',
      source: 'https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/ha-topology/',
    },
    heartbeat: { value: 40, unit: 's', source: 'kubelet nodeLeaseDurationSeconds: older, and the pod is what it was then' },
  },
  reasons: ['none', 'stranger', 'learner', 'down', 'few', 'loopback', 'single-name'],
  subjects: (seen) => mastersOf(seen).map((master) => master.subject),
  judge: (seen, limits, subject) => {
    const node = masterOf(seen, subject).subject.keys.node ?? subject.name;
    if (seen.topology.etcd === 'hidden') return notApplicable('the provider runs etcd');
    const line = commandLineOf(seen, 'kube-apiserver', node);
    const flag = line?.flags.get('etcd-servers');
    if (line === undefined || flag === undefined) return unseen(seen, node);
    const members = membersOf(seen);
    const endpoints = endpointsIn(seen, flag, node);
    const finding = wrongWith(seen, endpoints, limits.external);
    if (finding === undefined) {
      if (!isCurrent(seen, line, node, limits.heartbeat)) return stale(seen, node);
      if (endpoints.every(({ kind }) => kind === 'name'))
        return undecided(
          'its etcd has a name that only its own machine can resolve',
          `on ${node}: getent ahosts ${shellWord(endpoints[0]?.host ?? '')}`,
        );
      return pass({ node, endpoints: flag });
    }
    const facts = {
      node,
      words: finding.words,
      flag,
      endpoints: endpoints.map(({ url, words }) => ({ url, words })),
      members: members.map((member) => `${member.subject.name} ${joinAddress(member.host, member.clientPort)}`).join(', '),
    };
    const severity = finding.reason === 'none' ? 'critical' : finding.reason === 'single-name' ? 'info' : 'warning';
    const impact = finding.reason === 'none' ? 'degraded' : 'at-risk';
    return fail(facts, {
      reason: finding.reason,
      severity,
      impact,
      group: finding.reason,
      witness: 'stated',
      supports: supportsOf(endpoints),
    });
  },
  explains: [
    {
      to: 'api-flag-drift',
      kind: 'causes',
      on: 'node',
      because: 'this flag is what differs',
      when: ({ effect }) => speaksOnlyOf(effect, 'kube-apiserver', /^--etcd-servers$/),
      unproven: true,
    },
    whenNoneIsRight({ to: 'api-readyz-etcd', kind: 'causes', on: 'apiserver', because: 'where it asks there is no etcd', unproven: true }),
    whenNoneIsRight({
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'apiserver',
      because: 'an API server that cannot connect to etcd when it starts never serves',
      produces: ['hung', 'refused', 'forbidden', 'closed', 'reset'],
      unproven: true,
    }),
    whenNoneIsRight({
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'it ends itself when it cannot connect to etcd',
      unproven: true,
    }),
    whenNoneIsRight({
      to: 'lb-backend-down',
      kind: 'causes',
      on: 'apiserver',
      because: 'an API server without etcd fails its readiness check',
      produces: checkedReasons,
      unproven: true,
    }),
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet reports to the API server beside it',
      when: (link, seen) => (isNone(link) === 'yes' ? kubeletHangsOnOwnApiServer(seen, link.effect.subject.keys.node) : 'no'),
      unproven: true,
    },
    { to: 'api-5xx-ratio', kind: 'causes', on: 'apiserver', because: 'requests that meet the wrong address fail or wait', unproven: true },
  ],
  fixes: ({ verdicts }, seen) => verdicts.map(({ subject, facts, reason }) => correct(seen, subject.name, String(facts['flag']), reason)),
  avoid: () => ['edit the flag on two masters at once: each API server restarts with it'],
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/configure-upgrade-etcd/'],
  errors: ['connection error: desc = "transport: Error while dialing', 'storage backend: context deadline exceeded'],
});

function isNone({ cause }: Link): 'yes' | 'no' {
  return cause.reason === 'none' ? 'yes' : 'no';
}

function whenNoneIsRight(edge: Edge): Edge {
  return { ...edge, when: isNone };
}

function supportsOf(endpoints: readonly Endpoint[]): readonly Support[] {
  return endpoints.map(({ url, member, state }) => ({ name: member?.subject.name ?? url, keys: member?.subject.keys ?? {}, state }));
}

function unseen(seen: Seen<'kube.control-plane-pods'>, node: string) {
  seen.get('kube.control-plane-pods');
  return undecided('its command line cannot be seen', wayToFlags(homeOf(seen, 'kube-apiserver', node), node));
}

function stale(seen: Seen<'kube.control-plane-pods'>, node: string) {
  return undecided(
    `the kubelet of ${node} does not report: the manifest may have changed since`,
    wayToFlags(homeOf(seen, 'kube-apiserver', node), node),
  );
}

function correct(seen: Seen, node: string, flag: string, reason: string | undefined): Fix {
  const own = seen.topology.members.find((member) => member.subject.keys.node === node)?.host;
  const wanted =
    seen.topology.etcd === 'external'
      ? seen.topology.members.map((member) => `https://${joinAddress(member.host, member.clientPort)}`).join(',')
      : `https://${joinAddress(own?.includes(':') ? '::1' : '127.0.0.1', 2379)}`;
  if (sameUrls(wanted, flag)) return waitForMember(node, reason);
  const home = homeOf(seen, 'kube-apiserver', node);
  const others = seen.topology.masters.filter((master) => master.subject.keys.node !== node).length;
  return {
    do: say('On {node} replace --etcd-servers={flag} by --etcd-servers={wanted}; the API server is started anew', {
      node,
      flag,
      wanted,
    }),
    where: node,
    ...editSettings(seen, home, '--etcd-servers'),
    risk: 'medium',
    needs: [
      { text: 'another API server serves meanwhile', met: others > 0 ? 'unknown' : 'no' },
      { text: 'a member of etcd answers there', met: reason === 'none' ? 'unknown' : 'yes' },
    ],
    verify: ['kubectl get --raw /readyz', ...showSettings(home, 'etcd-servers')],
  };
}

/** Whatever their order and however they are written. */
function sameUrls(one: string, other: string): boolean {
  const urls = (list: string): string =>
    list
      .split(',')
      .map((url) => url.trim().replace(/\/+$/, '').toLowerCase())
      .sort()
      .join(',');
  return urls(one) === urls(other);
}

/** The list is as it should be; what it names is not. */
function waitForMember(node: string, reason: string | undefined): Fix {
  return {
    do:
      reason === 'learner'
        ? say('Leave the list of {node} as it is: the member it names has to become a voter', { node })
        : say('Leave the list of {node} as it is: the member it names has to serve again', { node }),
    where: 'here',
    run: ['etcdctl member list -w table'],
    risk: 'none',
    needs: [],
    verify: ['kubectl get --raw /readyz'],
  };
}
