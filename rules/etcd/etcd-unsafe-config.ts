// Was this etcd member started with settings that put its data or its doors at risk?
import { lookAt, wayToFlags } from '../../src/judge/readings/component-home.ts';
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { editSettings } from '../../src/judge/plans/change-settings.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { type CommandLine, commandLineOf, isCurrent } from '../../src/judge/readings/command-line.ts';
import { versionOf } from '../../src/judge/readings/etcd-versions.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { etcdAccessFlags, quorumWithout } from '../../src/judge/readings/voters.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Edge, Fix, Link, Seen } from '../../src/model/rule.ts';
import { say, Sentence, type Text } from '../../src/model/sentence.ts';
import type { Member } from '../../src/model/topology.ts';
import type { Facts } from '../../src/model/verdict.ts';
import { type Danger, dangersIn, type Setting } from './tables/unsafe-flags.ts';

const severities = ['critical', 'warning', 'info'] as const;

export default defineRule({
  id: 'etcd-unsafe-config',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 7,
  final: true,
  title: 'etcd member {member} runs with {flag}: {words}',
  healthy: 'etcd runs with no setting that risks its data or opens its doors',
  why: 'A flag from a repair or a test that stays in the manifest takes effect at the next restart, and may cost data or let anybody in.',
  shows: ['each settings: {flag}  {words}', 'read from {by}'],
  folded: '{flag}: {words}',
  needs: [
    'kube.control-plane-pods',
    'here.files',
    'kube.nodes',
    'kube.node-leases',
    'etcd.status',
    'etcd.metrics',
    'etcd.members',
    'etcd.health',
    'etcd.client-port',
    'etcd.peer-port',
  ],
  limits: {
    quota: { value: 8 * 1024 ** 3, unit: 'bytes', source: 'https://etcd.io/docs/v3.6/dev-guide/limit/ (suggested maximum of 8 GiB)' },
    request: { value: 10 * 1024 ** 2, unit: 'bytes', source: 'etcd server/embed/config.go: recommendedMaxRequestBytes' },
    snapshots: { value: 100_000, unit: 'entries', source: 'etcd CHANGELOG-3.6: default lowered from 100000 to 10000' },
    heartbeat: { value: 40, unit: 's', source: 'kubelet nodeLeaseDurationSeconds: older, and the pod is what it was then' },
  },
  reasons: ['force-new-cluster', 'no-fsync', 'open', 'reconfig', 'quota', 'request-size', 'snapshots', 'unchecked'],
  subjects: (seen) => membersOf(seen).map((member) => member.subject),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    if (!member.started) return notApplicable('it was never started');
    const line = commandLineOf(seen, 'etcd', member.subject.keys.node);
    if (line === undefined) return unseen(seen, member);
    const file = line.flags.get('config-file');
    if (file !== undefined) return undecided(`its settings stand in a file: ${file}`, `on ${nodeOf(member)}: cat ${shellWord(file)}`);
    const thresholds = { quota: limits.quota, request: limits.request, snapshots: limits.snapshots };
    const found = [...dangersIn(line.flags, versionOf(seen, member)?.[1], thresholds), ...unequalQuota(seen, member, line)];
    const worst = severities.flatMap((severity) => found.filter((one) => one.severity === severity))[0];
    if (worst === undefined) {
      if (!isCurrent(seen, line, nodeOf(member), limits.heartbeat)) return stale(seen, member);
      return pass({ member: subject.name });
    }
    const settings = found.map(({ flag, words, danger }) => ({ flag, words, danger }));
    const facts = {
      member: subject.name,
      node: nodeOf(member),
      flag: worst.flag,
      words: worst.words,
      mend: worst.mend,
      settings,
      by: sourceOf(line),
    };
    return fail(facts, { reason: worst.danger, group: worst.danger, severity: worst.severity, witness: 'stated' });
  },
  explains: [
    dangerous(['no-fsync', 'force-new-cluster'], {
      to: 'etcd-hash-mismatch',
      kind: 'causes',
      on: 'member',
      because: 'writes that were acknowledged and lost leave other data behind',
      unproven: true,
    }),
    dangerous(['no-fsync', 'force-new-cluster'], {
      to: 'etcd-alarm-corrupt',
      kind: 'causes',
      on: 'cluster',
      because: 'writes that were acknowledged and lost leave other data behind',
      covers: 'any',
      match: 'member',
      unproven: true,
    }),
    dangerous(['force-new-cluster'], {
      to: 'etcd-member-list-mismatch',
      kind: 'causes',
      on: 'cluster',
      because: 'started so, a member counts nobody but itself',
      covers: 'any',
      match: 'member',
      unproven: true,
    }),
    dangerous(['force-new-cluster'], {
      to: 'etcd-leader-disagreement',
      kind: 'causes',
      on: 'cluster',
      because: 'started so, a member leads itself',
      covers: 'any',
      match: 'member',
      unproven: true,
    }),
    dangerous(['quota'], {
      to: 'etcd-db-near-quota',
      kind: 'causes',
      on: 'member',
      because: 'a member with a smaller quota than the others is full first',
      unproven: true,
    }),
  ],
  fixes: ({ subjects, facts }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      return member === undefined ? [] : mend(seen, member, textOf(facts['mend']));
    }),
  avoid: ({ verdicts }) => [
    ...(verdicts.some(({ reason }) => reason === 'force-new-cluster')
      ? ['restart etcd there before the flag is gone: it would leave the cluster']
      : []),
    'edit the manifests of two masters at once: a member restarts with each edit',
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/configuration/', 'https://etcd.io/docs/v3.6/op-guide/security/'],
  errors: ['forced new cluster', 'running with unsafe-no-fsync', 'client cert auth is disabled'],
});

/** The edge is open only where one of these dangers is among the settings found. */
function dangerous(dangers: readonly Danger[], edge: Edge): Edge {
  const when = ({ cause }: Link) => {
    const { settings } = cause.facts;
    const found = Array.isArray(settings) ? settings.map((one) => String(one['danger'])) : [];
    return found.some((danger) => dangers.some((one) => one === danger)) ? 'yes' : 'no';
  };
  return { ...edge, when };
}

function unseen(seen: Seen<'kube.control-plane-pods'>, member: Member) {
  seen.get('kube.control-plane-pods');
  const where = wayToFlags(etcdHome(seen, [member]), nodeOf(member));
  return undecided('no pod and no manifest of it can be seen, so its settings are not known', where);
}

function stale(seen: Seen<'kube.control-plane-pods' | 'here.files'>, member: Member) {
  return undecided(
    `the kubelet of ${nodeOf(member)} does not report: the manifest may have changed since`,
    wayToFlags(etcdHome(seen, [member]), nodeOf(member)),
  );
}

function sourceOf({ from }: CommandLine): string {
  return from === 'manifest' ? 'the manifest on this machine' : 'the command line of its pod';
}

/** Of members with different quotas the smallest decides for all. */
function unequalQuota(seen: Seen<'kube.control-plane-pods' | 'here.files'>, member: Member, own: CommandLine): readonly Setting[] {
  const quotaOf = (line: CommandLine): string => line.flags.get('quota-backend-bytes') ?? '0';
  const others = seen.topology.members.flatMap((other) => {
    const line = other === member ? undefined : commandLineOf(seen, 'etcd', other.subject.keys.node);
    return line === undefined ? [] : [quotaOf(line)];
  });
  const mine = quotaOf(own);
  const holders = others.filter((quota) => quota === mine).length + 1;
  const most = Math.max(0, ...others.map((quota) => others.filter((other) => other === quota).length));
  if (others.length === 0 || holders > most || others.every((quota) => quota === mine)) return [];
  const flag = `--quota-backend-bytes=${mine}`;
  return [{ danger: 'quota', severity: 'warning', flag, words: 'the other members have another quota', mend: 'set the same on all' }];
}

function textOf(fact: Facts[string] | undefined): Text {
  return typeof fact === 'string' || fact instanceof Sentence ? fact : '';
}

function mend(seen: Seen, member: Member, how: Text): readonly Fix[] {
  const node = nodeOf(member);
  const home = etcdHome(seen, [member]);
  return [
    {
      do: say('In the settings of etcd on {node}: {how}; it is started anew', { how, node }),
      where: node,
      ...editSettings(seen, home, 'as said above'),
      risk: 'medium',
      needs: [
        { text: 'the other voters keep a quorum while it restarts', met: quorumWithout(seen, [member]) },
        { text: 'a fresh snapshot was taken', met: 'unknown' },
      ],
      verify: [...lookAt(home), 'etcdctl endpoint status --cluster -w table   # it has joined again'],
    },
  ];
}
