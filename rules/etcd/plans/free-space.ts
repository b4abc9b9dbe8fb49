// How does etcd get space back without losing its quorum or what it stores?
import type { Fix, Need, Seen } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';
import type { Member } from '../../../src/model/topology.ts';
import { changeFlags } from '../../../src/judge/plans/change-settings.ts';
import { etcdHome } from '../../../src/judge/readings/etcd-home.ts';
import { nodeOf, shellFor } from '../../../src/judge/readings/etcdctl.ts';
import { metricsOf, statusOf } from '../../../src/judge/readings/member-words.ts';
import { defaultQuota, describeBytes, spaceOf } from '../../../src/judge/readings/space.ts';
import { countVoters, namesOf, quorumWithout } from '../../../src/judge/readings/voters.ts';

/** etcd server/storage/quota.go: MaxQuotaBytes, the most that etcd suggests. */
const largestQuota = 8 * 1024 ** 3;
/** Revisions left alone by the first compaction, so that watches a little behind the head go on. */
const keptRevisions = 1000n;

export function findWhatFills(seen: Seen): readonly Fix[] {
  const asked = askable(seen);
  if (asked === undefined) return [];
  return [
    {
      do: 'Find what fills it (one slow read, once), and delete what is not needed',
      where: shellFor(seen, asked).where,
      run: [`${shellFor(seen, asked).etcdctl} get '' --prefix --keys-only | cut -d/ -f2,3 | grep . | sort | uniq -c | sort -n | tail`],
      risk: 'low',
      needs: [],
      verify: [],
    },
  ];
}

/** Drops old versions of keys; the file on disk stays as large as it is. */
export function compact(seen: Seen): readonly Fix[] {
  const asked = askable(seen);
  const head = seen.topology.members.map((member) => BigInt(statusOf(seen, member)?.revision ?? '0')).sort(descending)[0] ?? 0n;
  if (asked === undefined || head === 0n) return [];
  const { where, etcdctl } = shellFor(seen, asked);
  const first = head > keptRevisions ? head - keptRevisions : head;
  return [
    {
      do: 'Drop old versions; deleted keys go only with a revision later than their deletion',
      where,
      run: [`${etcdctl} compact ${first}`],
      risk: 'medium',
      needs: [quorumNeed(seen)],
      verify: [`${etcdctl} endpoint status -w json | grep -o '"dbSizeInUse":[0-9]*'   # falls; else compact ${head}: watches start anew`],
    },
  ];
}

/**
 * One member at a time, the leader last: each stands still while its file is rewritten. None that is down, and none that
 * cannot be spared while another one is.
 */
export function defragmentEach(seen: Seen, members: readonly Member[]): readonly Fix[] {
  const { silent, unstarted } = countVoters(seen);
  const down = [...silent, ...unstarted];
  const answering = members.filter((member) => !down.includes(member));
  const ordered = answering.sort((one, other) => Number(leads(seen, one)) - Number(leads(seen, other)));
  const steps = ordered.flatMap((member): readonly Fix[] => {
    const spared = quorumWithout(seen, [member]);
    if (spared === 'no') return [];
    const { where, etcdctl } = shellFor(seen, member);
    const size = spaceOf(seen, member)?.size;
    return [
      {
        do: leads(seen, member)
          ? say('Defragment {node}, the leader, last; go on when it answers again', { node: nodeOf(member) })
          : say('Defragment {node}; go on when it answers again', { node: nodeOf(member) }),
        where,
        run: [`${etcdctl} --command-timeout 120s defrag`],
        risk: 'medium',
        needs: [
          { text: 'the others keep a quorum', met: spared },
          {
            text: say('room on its disk for {size} more', { size: describeBytes(spaceOf(seen, member)?.inUse ?? size ?? defaultQuota) }),
            met: 'unknown',
          },
        ],
        verify: [`${etcdctl} endpoint status -w table   # DB SIZE${size === undefined ? '' : ` below ${describeBytes(size)}`}`],
      },
    ];
  });
  return steps.length < answering.length && down.length > 0 ? [bringBackFirst(down), ...steps] : steps;
}

function bringBackFirst(down: readonly Member[]): Fix {
  return {
    do: say('Bring {names} back first: until then no other member can be spared for a defragmentation', { names: namesOf(down) }),
    where: 'here',
    run: ['kubectl ha-doctor --only etcd'],
    risk: 'none',
    needs: [],
    verify: [],
  };
}

/** Without it every write stays refused, however much space there is. */
export function disarm(seen: Seen, freed: Need): readonly Fix[] {
  const asked = askable(seen);
  if (asked === undefined) return [];
  const { where, etcdctl } = shellFor(seen, asked);
  return [
    {
      do: 'Take the alarm back; until then every write stays refused',
      where,
      run: [`${etcdctl} alarm disarm`],
      risk: 'low',
      needs: [quorumNeed(seen), freed],
      verify: [`${etcdctl} alarm list   # empty`],
    },
  ];
}

export function raiseQuota(seen: Seen): readonly Fix[] {
  const quotas = seen.topology.members.flatMap((member) => spaceOf(seen, member)?.quota ?? []);
  const quota = Math.max(0, ...quotas);
  const [first] = seen.topology.members;
  if (first === undefined || quota === 0 || quota >= largestQuota) return [];
  const next = Math.min(largestQuota, Math.max(defaultQuota, quota * 2));
  return [
    {
      do: say('If what is stored is needed: raise the quota from {quota} to {next}, one master after the other', {
        quota: describeBytes(quota),
        next: describeBytes(next),
      }),
      where: nodeOf(first),
      ...changeFlags(seen, etcdHome(seen, [first]), { remove: ['quota-backend-bytes'], add: [`--quota-backend-bytes=${next}`] }),
      risk: 'medium',
      needs: [{ text: 'the others keep a quorum while it restarts', met: quorumWithout(seen, [first]) }],
      verify: [`${shellFor(seen, first).etcdctl} endpoint status   # before the next master`],
    },
  ];
}

function quorumNeed(seen: Seen): Need {
  return { text: 'etcd has a quorum and a leader', met: quorumWithout(seen, []) };
}

/** A member that follows a leader, its leader first. */
function askable(seen: Seen): Member | undefined {
  const { led } = countVoters(seen);
  return led.find((member) => leads(seen, member)) ?? led[0];
}

function leads(seen: Seen, member: Member): boolean {
  const status = statusOf(seen, member);
  if (status !== undefined) return status.leaderId === status.memberId;
  return metricsOf(seen, member)?.value.isLeader === true;
}

function descending(one: bigint, other: bigint): number {
  return one > other ? -1 : 1;
}
