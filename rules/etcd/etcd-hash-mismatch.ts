// Does this member hold the same data as the others?
import { shellWord } from '../../src/judge/shell-word.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { compareVersions, endpointOf, nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { memberAt, replaceMember } from '../../src/judge/readings/member-fixes.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { metricsOf, statusOf } from '../../src/judge/readings/member-words.ts';
import { namesOf } from '../../src/judge/readings/voters.ts';
import { usesOnlyLocalEtcd } from '../../src/judge/readings/wiring.ts';
import type { EtcdHash } from '../../src/model/etcd.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import type { Member } from '../../src/model/topology.ts';
import { saveSnapshot } from './plans/save-snapshot.ts';

type Needs = 'etcd.hash' | 'etcd.status' | 'etcd.metrics' | 'etcd.members';

export default defineRule({
  id: 'etcd-hash-mismatch',
  area: 'etcd',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 2,
  title: 'etcd member {member} holds other data than {others}',
  healthy: 'the etcd members hold the same data',
  why: 'Clients get different answers depending on the member they reach, and wrong ones even for reads that ask for the latest.',
  shows: ['each hashes: {name}  hash {hash}  at revision {revision}'],
  folded: 'hash {hash}, {others} have another',
  needs: ['etcd.hash', 'etcd.status', 'etcd.metrics', 'etcd.members', 'kube.control-plane-pods', 'kube.nodes'],
  limits: {
    compared: {
      value: 2,
      unit: 'members that must be comparable',
      source: 'etcd server/etcdserver/corrupt.go: only equal compact revisions are compared',
    },
  },
  reasons: ['minority', 'no-majority'],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const members = membersOf(seen).filter((member) => member.started);
    if (members.length < limits.compared) return notApplicable('a single member has none to compare with');
    const own = seen.get('etcd.hash', subject);
    const hashed = members.flatMap((member) => hashOf(seen, member) ?? []);
    const alike = hashed.filter(({ hash }) => hash.revision === own.revision && hash.compactRevision === own.compactRevision);
    if (alike.length < limits.compared) {
      const why =
        hashed.length < limits.compared ? 'no other member gave its hash' : 'the members were compacted at different revisions meanwhile';
      return undecided(why, 'run ha-doctor again');
    }
    const sameAsOwn = alike.filter(({ hash }) => hash.hash === own.hash);
    const others = alike.filter(({ hash }) => hash.hash !== own.hash);
    if (others.length === 0 || sameAsOwn.length > alike.length / 2)
      return pass({ hash: own.hash, revision: own.revision, compared: alike.length });
    if (
      hashesDependOnVersion(
        seen,
        alike.map(({ member }) => member),
      )
    ) {
      return undecided('the members run versions that compute the hash differently', 'run ha-doctor again when all run one version');
    }
    const rows = alike.map(({ member, hash }) => ({ name: member.subject.name, hash: hash.hash, revision: hash.revision }));
    const facts = { member: subject.name, hash: own.hash, others: namesOf(others.map(({ member }) => member)), hashes: rows };
    return fail(facts, { reason: largestGroup(alike) > alike.length / 2 ? 'minority' : 'no-majority', witness: 'stated' });
  },
  explains: [
    { to: 'etcd-lag', kind: 'causes', on: 'member', because: 'a member with other data may stop applying its log', unproven: true },
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'node',
      because: 'the API server beside it reads data that does not fit',
      when: ({ effect }, seen) => usesOnlyLocalEtcd(seen, effect.subject.keys.node),
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) =>
    planFor(
      seen,
      verdicts[0]?.reason,
      verdicts.flatMap((verdict) => memberAt(seen, verdict.subject.id) ?? []),
    ),
  avoid: ({ facts }) => [
    say('restart etcd on {member}: with the check at start it may not come up again, and its data is evidence', {
      member: String(facts['member']),
    }),
    say('take a snapshot from {member}', { member: String(facts['member']) }),
  ],
  reading: ['https://etcd.io/docs/v3.6/op-guide/data_corruption/'],
  errors: ['found data inconsistency with peers', 'checkInitialHashKV failed', 'etcdserver: corrupt cluster'],
});

interface Hashed {
  readonly member: Member;
  readonly hash: EtcdHash;
}

function hashOf(seen: Seen<Needs>, member: Member): Hashed | undefined {
  const item = seen.peek('etcd.hash', member.subject);
  return item?.state === 'known' ? { member, hash: item.value } : undefined;
}

function largestGroup(alike: readonly Hashed[]): number {
  return Math.max(...alike.map(({ hash }) => alike.filter((other) => other.hash.hash === hash.hash).length));
}

/** Tombstones enter the hash in one way only from 3.4.34 and 3.5.16 on (etcd CHANGELOGs). */
function hashesDependOnVersion(seen: Seen<Needs>, members: readonly Member[]): boolean {
  const versions = members.map((member) => statusOf(seen, member)?.version ?? metricsOf(seen, member)?.value.version ?? '');
  const old = versions.some((version) => {
    const [major = 0, minor = 0, patch = 0] = version.split('.').map(Number);
    return compareVersions([major, minor, patch], minor === 4 ? [3, 4, 34] : [3, 5, 16]) < 0;
  });
  return old && new Set(versions).size > 1;
}

function planFor(seen: Seen, reason: string | undefined, suspects: readonly Member[]): readonly Fix[] {
  const endpoints = membersOf(seen).map(endpointOf).join(',');
  const compare: Fix = {
    do: 'Compare once more at one revision',
    where: 'here',
    run: [`etcdctl --endpoints ${shellWord(endpoints)} endpoint hashkv -w table`],
    risk: 'low',
    needs: [],
    verify: [],
  };
  const sound = membersOf(seen).find((member) => !suspects.includes(member) && hashOf(seen, member) !== undefined);
  if (reason !== 'minority' || sound === undefined) return [compare];
  const node = nodeOf(sound);
  const save = saveSnapshot(seen, sound, `${node}-sound.db`, say('Save the data of {node}, which agrees with most', { node }));
  return [compare, save, ...suspects.flatMap((member) => replaceMember(seen, member))];
}
