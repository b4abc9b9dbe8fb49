// Does this etcd member run a version that is known to be bad, out of support, or in the way of the next upgrade?
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { editSettings } from '../../src/judge/plans/change-settings.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { commandLineOf } from '../../src/judge/readings/command-line.ts';
import { parseVersion, spell, type Version, versionOf } from '../../src/judge/readings/etcd-versions.ts';
import { compareVersions, nodeOf, shellFor } from '../../src/judge/readings/etcdctl.ts';
import { membersOf, peekMember } from '../../src/judge/readings/member.ts';
import { memberAt } from '../../src/judge/readings/member-fixes.ts';
import { couldNotAsk, etcdAccessFlags, quorumWithout } from '../../src/judge/readings/voters.ts';
import { readGoSwitch } from '../../src/model/flags.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import type { Member } from '../../src/model/topology.ts';
import type { Severity } from '../../src/model/verdict.ts';
import { oldestExternal, pairedMinor, riskyRanges, safeForNextMinor } from './tables/versions.ts';
import { saveSnapshot } from './plans/save-snapshot.ts';

const reasons = ['corrupts-data', 'below-minimum', 'end-of-support', 'v2', 'external-too-old', 'blocks-upgrade', 'other-pairing'] as const;

interface RiskSeen {
  readonly reason: (typeof reasons)[number];
  readonly severity: Severity;
  readonly words: Text;
  readonly instead: string;
}

export default defineRule({
  id: 'etcd-version-risky',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 7,
  final: true,
  title: 'etcd {version} on {member} {words}',
  healthy: 'every etcd member runs a version that is fit for production',
  why: 'Its defects are known and mended elsewhere: data may be lost or diverge, or the next upgrade of Kubernetes fails on it.',
  shows: ['{member}  etcd {version}  {words}', 'run {instead} instead'],
  folded: 'etcd {version} {words}',
  needs: [
    'etcd.status',
    'etcd.metrics',
    'etcd.health',
    'etcd.client-port',
    'etcd.peer-port',
    'etcd.members',
    'api.version',
    'kube.control-plane-pods',
    'here.files',
    'kube.nodes',
  ],
  limits: {
    next: {
      value: 33,
      unit: 'minor version of Kubernetes from which on the next one brings etcd 3.6',
      source: 'k8s.io/kubernetes cmd/kubeadm/app/constants: SupportedEtcdVersion (1.34: 3.6)',
    },
  },
  reasons,
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const version = versionOf(seen, member);
    if (version === undefined) {
      if (peekMember(seen, member)?.kind === 'silent') return notApplicable('it does not answer');
      return couldNotAsk(seen, [member], 'it did not tell its version');
    }
    const risk = ownRisk(seen, member, version) ?? riskWith(seen, version, limits.next);
    if (risk === undefined) return pass({ member: subject.name, version: spell(version) });
    const { reason, severity, words, instead } = risk;
    const facts = { member: subject.name, node: nodeOf(member), version: spell(version), words, instead };
    return fail(facts, { reason, severity, group: reason, witness: 'stated' });
  },
  explains: [
    {
      to: 'etcd-alarm-corrupt',
      kind: 'causes',
      on: 'cluster',
      because: 'its data diverge when it is killed under load',
      covers: 'any',
      match: 'member',
      when: ({ cause }) => (cause.reason === 'corrupts-data' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'etcd-hash-mismatch',
      kind: 'causes',
      on: 'member',
      because: 'its data diverge when it is killed under load',
      when: ({ cause }) => (cause.reason === 'corrupts-data' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'etcd-member-list-mismatch',
      kind: 'causes',
      on: 'cluster',
      because: 'an old 3.5 keeps the list of members in two places that may differ',
      covers: 'any',
      match: 'member',
      when: ({ cause }) => (['corrupts-data', 'below-minimum', 'blocks-upgrade'].includes(cause.reason ?? '') ? 'yes' : 'no'),
      unproven: true,
    },
  ],
  fixes: ({ subjects, facts }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      return member === undefined ? [] : upgrade(seen, member, String(facts['instead']));
    }),
  avoid: () => ['go to the next minor version from an old patch: take the latest patch of this one first', 'upgrade two members at once'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/versioning/', 'https://etcd.io/blog/2025/zombie_members_upgrade/'],
});

function ownRisk(seen: Seen<'kube.control-plane-pods' | 'here.files'>, member: Member, version: Version): RiskSeen | undefined {
  const known = riskyRanges.find(({ from, until }) => compareVersions(version, from) >= 0 && compareVersions(version, until) < 0);
  if (known !== undefined) return known;
  const flags = commandLineOf(seen, 'etcd', member.subject.keys.node)?.flags;
  if (flags?.has('enable-v2') !== true || readGoSwitch(flags.get('enable-v2') ?? 'true') === false) return undefined;
  return { reason: 'v2', severity: 'warning', words: 'serves the old v2 API, which 3.6 no longer has', instead: 'it without --enable-v2' };
}

/** Which Kubernetes is run beside it decides what the version stands in the way of. */
function riskWith(seen: Seen<'api.version'>, version: Version, next: number): RiskSeen | undefined {
  const [major, minor] = version;
  if (seen.topology.etcd === 'external' && compareVersions(version, oldestExternal) < 0) {
    const words = say('is older than kubeadm takes for an external etcd ({oldest})', { oldest: spell(oldestExternal) });
    return { reason: 'external-too-old', severity: 'warning', words, instead: 'the latest 3.5' };
  }
  const behind = major === 3 && minor === 5 && compareVersions(version, safeForNextMinor) < 0;
  const kubernetes = behind ? parseVersion(seen.get('api.version').gitVersion)?.[1] : knownKubernetes(seen);
  if (behind && kubernetes !== undefined && kubernetes >= next) {
    const words = say('cannot go to 3.6 safely: removed members may come back (fixed in {fixed})', { fixed: spell(safeForNextMinor) });
    return { reason: 'blocks-upgrade', severity: 'warning', words, instead: 'the latest 3.5' };
  }
  if (kubernetes === undefined || seen.topology.etcd !== 'stacked' || seen.topology.platform.kind !== 'kubeadm') return undefined;
  const paired = pairedMinor(kubernetes);
  if (major === 3 && minor === paired) return undefined;
  const words = say('is not the 3.{paired} that kubeadm brings with Kubernetes 1.{kubernetes}', { paired, kubernetes });
  return { reason: 'other-pairing', severity: 'info', words, instead: `3.${paired}` };
}

function knownKubernetes(seen: Seen<'api.version'>): number | undefined {
  const item = seen.peek('api.version');
  return item?.state === 'known' ? parseVersion(item.value.gitVersion)?.[1] : undefined;
}

function upgrade(seen: Seen, member: Member, instead: string): readonly Fix[] {
  const node = nodeOf(member);
  const { etcdctl } = shellFor(seen, member);
  const home = etcdHome(seen, [member]);
  return [
    saveSnapshot(seen, member, 'before-upgrade.db', 'Save a snapshot first'),
    {
      do:
        home.kind === 'static-pod'
          ? say('Bring {node} to {instead}: its image in the manifest, or kubeadm upgrade with --etcd-upgrade', { node, instead })
          : say('Bring {node} to {instead} by the way it was installed', { node, instead }),
      where: node,
      ...(home.kind === 'static-pod' ? editSettings(seen, home, 'image:') : { run: [] }),
      risk: 'medium',
      needs: [{ text: 'the other voters keep a quorum while it restarts', met: quorumWithout(seen, [member]) }],
      verify: [`${etcdctl} endpoint status -w table   # VERSION`],
    },
  ];
}
