// Is one component started alike on every master?
import { editSettings } from '../../src/judge/plans/change-settings.ts';
import { homeOf, wayToFlags } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { anotherServes } from '../../src/judge/readings/api-server.ts';
import { componentFlags, differencesOf, type FlagDifference } from '../../src/judge/readings/component-flags.ts';
import type { Fail } from '../../src/model/verdict.ts';
import { say } from '../../src/model/sentence.ts';
import { keysOn } from '../../src/model/topology.ts';
import { changedWithin } from '../../src/judge/readings/pod.ts';

const components = ['kube-apiserver', 'kube-controller-manager', 'kube-scheduler'] as const;

/** Flags by which masters contradict each other about data, identity or rights. */
const grave: readonly RegExp[] = [
  /^--etcd-(?:servers|prefix|cafile)$/,
  /^--service-cluster-ip-range$/,
  /^--service-account-(?:issuer|key-file|signing-key-file|private-key-file)$/,
  /^--encryption-provider-config$/,
  /^--client-ca-file$/,
  /^--requestheader-/,
  /^--authorization-(?:mode|config)$/,
  /^--(?:enable|disable)-admission-plugins$/,
  /^--anonymous-auth$/,
  /^--feature-gates$/,
  /^--runtime-config$/,
  /^--cluster-cidr$/,
  /^--cluster-signing-/,
  /^--root-ca-file$/,
];

export default defineRule({
  id: 'api-flag-drift',
  area: 'apiserver',
  since: '0.2.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 3,
  title: '{component} is not started alike on every master: {flags}',
  healthy: 'every master starts its components with the same flags',
  why: 'Which answer a client gets depends on the master it reaches: what one accepts another one refuses or stores differently.',
  shows: ['each rows: {flag}  {node}  {value}'],
  folded: '{component}: {flags}',
  needs: ['kube.control-plane-pods', 'kube.nodes', 'kube.node-leases', 'here.files', 'api.ready'],
  limits: {
    changing: {
      value: 60,
      unit: 's since the last start of one',
      source: 'recording of closed health paths: one kubelet shows the new flags of its pod 30 s later than others',
    },
    stale: { value: 40, unit: 's', source: 'https://kubernetes.io/docs/reference/node/node-status/ (a node lease lasts 40 s)' },
  },
  reasons: ['grave', 'other'],
  subjects: (seen) => {
    const { pods } = seen.get('kube.control-plane-pods');
    return components
      .filter((component) => pods.some((pod) => pod.component === component))
      .map((component) => {
        const odd = oddNode(differencesOf(componentFlags(seen, component, Number.POSITIVE_INFINITY)));
        return { kind: 'cluster', id: component, name: component, keys: odd === undefined ? {} : keysOn(seen.topology, odd) };
      });
  },
  judge: (seen, limits, subject) => {
    const all = componentFlags(seen, subject.id, limits.stale * 1000);
    if (all.length < 2) return notApplicable('there is one instance');
    const fresh = all.filter((one) => one.fresh);
    const stale = all.filter((one) => !one.fresh).map((one) => one.node);
    const differences = differencesOf(fresh);
    if (differences.length === 0) {
      if (stale.length === 0) return pass({ component: subject.id });
      return undecided(
        `what the API shows of ${subject.id} on ${stale.join(', ')} may be old: the kubelet there does not report`,
        wayToFlags(homeOf(seen, subject.id, stale[0]), stale[0] ?? ''),
      );
    }
    const rows = differences.flatMap(({ flag, values }) =>
      values.flatMap(({ value, nodes }) => nodes.map((node) => ({ flag, node, value: value ?? say('not set') }))),
    );
    if (fresh.some((one) => changedWithin(seen, subject.id, one.node, limits.changing * 1000)))
      return undecided(
        `${subject.id} was started anew within the last ${limits.changing} s: its flags may be changing just now`,
        'run ha-doctor again in a minute',
      );
    const flags = differences.map((one) => one.flag).join(', ');
    const odd = oddNode(differences);
    const facts = { component: subject.id, flags, rows, ...(odd !== undefined && { odd }) };
    const isGrave = differences.some(({ flag }) => grave.some((pattern) => pattern.test(flag)));
    const reason = isGrave ? 'grave' : 'other';
    // While releases differ an upgrade is under way, and flags come and go with it.
    const upgrading = new Set(fresh.map((one) => tagOf(one.image))).size > 1;
    if (upgrading) return fail(facts, { reason, severity: 'info', impact: 'at-risk', witness: 'stated' });
    return fail(facts, { reason, witness: 'stated', ...(isGrave ? { severity: 'critical' } : { impact: 'at-risk' }) });
  },
  explains: [
    {
      to: 'api-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'an API server ends at once over a flag it does not take',
      when: ({ cause, effect }) => namesFlag(cause, String(effect.facts['log'] ?? '')),
      unproven: true,
    },
    {
      to: 'api-anonymous-auth-off',
      kind: 'causes',
      on: 'node',
      because: 'the flag is set on one master only',
      when: ({ cause }) => (String(cause.facts['flags']).includes('--anonymous-auth') ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'cluster',
      because: 'what one master has stored or allowed another one cannot read or refuses',
      when: ({ cause }) => (cause.reason === 'grave' ? 'unknown' : 'no'),
      unproven: true,
    },
    {
      to: 'api-aggregated-unavailable',
      kind: 'causes',
      on: 'cluster',
      because: 'aggregated APIs believe the request headers of one of the authorities only',
      when: ({ cause }) => (/--(?:requestheader|proxy-client)-/.test(String(cause.facts['flags'])) ? 'yes' : 'no'),
      unproven: true,
    },
  ],
  fixes: ({ facts }, seen) => {
    const component = String(facts['component']);
    const odd = facts['odd'];
    const flags = String(facts['flags']).split(', ');
    const look = {
      do: say('See each flag of {component} with its masters', { component }),
      where: 'here',
      run: [
        `kubectl -n kube-system get pods -l ${shellWord(`component=${component}`)} -o yaml | grep -E ${shellWord(`nodeName:|- (${flags.join('|')})`)}`,
      ],
      risk: 'none' as const,
      needs: [],
      verify: [],
    };
    if (typeof odd !== 'string') return [look];
    return [
      look,
      {
        do: say('Make {node} like the others', { node: odd }),
        where: odd,
        ...editSettings(seen, homeOf(seen, component, odd), 'the flags named above'),
        risk: 'medium',
        needs: [{ text: say('another API server than {node} serves', { node: odd }), met: anotherServes(seen, odd) }],
        verify: ['kubectl ha-doctor --only api   # no flags differ'],
      },
    ];
  },
  avoid: () => ['edit two masters at a time: an API server with a flag it does not know never comes back'],
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-reconfigure/'],
});

/** The one master that is unlike all others, the same one for every flag. */
function oddNode(differences: readonly FlagDifference[]): string | undefined {
  const odd = differences.map(({ values }) => {
    const [most, ...rest] = values;
    const [only] = rest;
    return rest.length === 1 && only?.nodes.length === 1 && (most?.nodes.length ?? 0) > 1 ? only.nodes[0] : undefined;
  });
  const [first] = odd;
  return first !== undefined && odd.every((one) => one === first) ? first : undefined;
}

function tagOf(image: string): string {
  return /:([^:/@]+)(?:@|$)/.exec(image)?.[1] ?? '';
}

/** A log without a word about flags neither accuses nor clears them. */
function namesFlag(cause: Fail, log: string): 'yes' | 'unknown' {
  const flags = String(cause.facts['flags']).split(', ');
  return flags.some((flag) => log.includes(flag) || log.includes(flag.replace(/^--/, ''))) ? 'yes' : 'unknown';
}
