// Do the etcd members run one version?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { processAge } from '../../src/judge/readings/counters.ts';
import { compareVersions } from '../../src/judge/readings/etcdctl.ts';
import { parseVersion, spell, spellMinor, type Version, versionOf } from '../../src/judge/readings/etcd-versions.ts';
import { membersOf, peekMember } from '../../src/judge/readings/member.ts';
import { metricsOf, statusOf } from '../../src/judge/readings/member-words.ts';
import { couldNotAsk, namesOf, supportsOf } from '../../src/judge/readings/voters.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Member } from '../../src/model/topology.ts';

type Needs = 'etcd.status' | 'etcd.metrics' | 'etcd.clock';

export default defineRule({
  id: 'etcd-version-mixed',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 7,
  final: true,
  title: 'the etcd members run different versions: {words}',
  healthy: 'all etcd members run one minor version',
  why: 'Members of two minor versions are meant for the minutes of an upgrade: what only the newer one can do stays off, and some defects show up only then.',
  shows: ['each members: {name}  {version}'],
  folded: '{words}',
  needs: ['etcd.status', 'etcd.metrics', 'etcd.clock', 'etcd.members', 'etcd.health', 'etcd.client-port', 'etcd.peer-port'],
  limits: {
    apart: { value: 2, unit: 'minor versions apart', source: 'https://etcd.io/docs/v3.6/upgrades/ (one minor version at a time)' },
    long: { value: 24, unit: 'h', source: 'own choice: no upgrade of a few members takes a day' },
    behind: { value: 1, unit: 'h', source: 'etcd server/etcdserver/version: members agree within seconds of the last upgrade' },
  },
  reasons: ['minors', 'cluster-behind', 'downgrade'],
  subjects: () => [clusterSubject],
  judge: (seen, limits) => {
    const members = membersOf(seen).filter((member) => member.started);
    const told = members.flatMap((member) => {
      const version = versionOf(seen, member);
      return version === undefined ? [] : [{ member, version }];
    });
    const silent = members.filter((member) => peekMember(seen, member)?.kind === 'silent');
    const [oldest, newest] = endsOf(told.map(({ version }) => version));
    if (oldest === undefined || newest === undefined) return couldNotAsk(seen, members, 'no member told its version');
    const rows = told.map(({ member, version }) => ({ name: member.subject.name, version: spell(version) }));
    const hours = youngest(seen, members) / 3600;
    if (spellMinor(oldest) !== spellMinor(newest)) {
      const old = told.filter(({ version }) => spellMinor(version) !== spellMinor(newest)).map(({ member }) => member);
      const words = say('{oldest} and {newest}', { oldest: spellMinor(oldest), newest: spellMinor(newest) });
      const far = newest[0] !== oldest[0] || newest[1] - oldest[1] >= limits.apart;
      const severity = far || hours > limits.long ? 'critical' : 'warning';
      const supports = supportsOf(members, (member) => (old.includes(member) ? 'lost' : 'good'));
      return fail({ words, members: rows, old: namesOf(old) }, { reason: 'minors', severity, witness: 'stated', supports });
    }
    const target = members.flatMap((member) => statusOf(seen, member)?.downgradeTo ?? [])[0];
    if (target !== undefined) {
      const words = say('a downgrade to {target} was announced and is not finished', { target });
      return fail({ words, members: rows, old: '' }, { reason: 'downgrade', witness: 'stated' });
    }
    if (told.length + silent.length < members.length || told.length < members.length)
      return couldNotAsk(
        seen,
        members.filter((member) => !told.some((one) => one.member === member)),
        'not every member told its version',
      );
    const agreed = agreedVersion(seen, members);
    if (agreed !== undefined && compareVersions(agreed.slice(0, 2), oldest.slice(0, 2)) < 0) {
      if (hours <= limits.behind)
        return undecided('the members have not agreed on their new version yet', 'run ha-doctor again in an hour');
      const words = say('all run {oldest}, and the cluster still works as {agreed}', {
        oldest: spellMinor(oldest),
        agreed: spellMinor(agreed),
      });
      return fail({ words, members: rows, old: '' }, { reason: 'cluster-behind', witness: 'stated' });
    }
    return pass({ version: spellMinor(newest) });
  },
  explains: [
    {
      to: 'etcd-hash-mismatch',
      kind: 'causes',
      on: 'cluster',
      because: 'versions that read one log differently end with different data',
      unproven: true,
    },
    {
      to: 'etcd-member-list-mismatch',
      kind: 'causes',
      on: 'cluster',
      because: '3.5 and 3.6 keep the list of members in different places',
      unproven: true,
    },
  ],
  fixes: ({ facts, verdicts }) => [finish(String(facts['old'] ?? ''), verdicts[0]?.reason)],
  avoid: () => ['upgrade the next minor version before all members run this one', 'restart two members at once'],
  reading: ['https://etcd.io/docs/v3.6/upgrades/', 'https://etcd.io/docs/v3.6/downgrades/'],
  errors: [
    'etcdserver: invalid downgrade target version',
    'cluster cannot be downgraded to this target version',
    'invalid downgrade; server version is lower than determined cluster version',
  ],
});

function endsOf(versions: readonly Version[]): readonly (Version | undefined)[] {
  const sorted = [...versions].sort(compareVersions);
  return [sorted[0], sorted.at(-1)];
}

/** Seconds that every member's process has been running at least; 0 where one did not tell. */
function youngest(seen: Seen<Needs>, members: readonly Member[]): number {
  const ages = members.map((member) => {
    const counters = metricsOf(seen, member)?.value;
    return counters === undefined ? 0 : (processAge(seen, member, counters) ?? 0);
  });
  return Math.min(...ages);
}

/** The version the members agreed on; the lowest one told, for it reaches them one after the other. */
function agreedVersion(seen: Seen<Needs>, members: readonly Member[]): Version | undefined {
  const told = members.map((member) => parseVersion(metricsOf(seen, member)?.value.clusterVersion ?? ''));
  return endsOf(told.filter((version) => version !== undefined))[0];
}

function finish(old: string, reason: string | undefined): Fix {
  if (reason === 'downgrade') {
    return {
      do: 'Finish the downgrade member by member, or call it off',
      where: 'here',
      run: ['etcdctl endpoint status --cluster -w table   # VERSION, STORAGE VERSION, DOWNGRADE ENABLED'],
      risk: 'none',
      needs: [],
      verify: [],
    };
  }
  return {
    do:
      old === ''
        ? 'See why the members do not agree on their version'
        : say('Finish the upgrade: {old}, one member at a time, a snapshot first', { old }),
    where: 'here',
    run: ['etcdctl endpoint status --cluster -w table', 'kubectl -n kube-system get pod -l component=etcd -o wide'],
    risk: 'none',
    needs: [{ text: 'a fresh snapshot was taken', met: 'unknown' }],
    verify: ['etcdctl endpoint status --cluster -w table   # one VERSION'],
  };
}
