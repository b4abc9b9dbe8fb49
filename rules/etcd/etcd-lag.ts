// Does this member keep up with the leader, and with its own log?
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { readLog } from '../../src/judge/readings/component-home.ts';
import { defineRule, fail, notApplicable, pass, suspected, undecided } from '../../src/judge/define-rule.ts';
import { nodeOf, shellFor } from '../../src/judge/readings/etcdctl.ts';
import { type Gap, gapsOf } from '../../src/judge/readings/log-index.ts';
import { memberAt, replaceMember } from '../../src/judge/readings/member-fixes.ts';
import { membersOf, readMember } from '../../src/judge/readings/member.ts';
import { couldNotAsk, etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import { usesOnlyLocalEtcd } from '../../src/judge/readings/wiring.ts';
import type { Fix, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Member } from '../../src/model/topology.ts';

type Limits = Readonly<Record<'applyWarning' | 'applyCritical' | 'behindWarning' | 'behindCritical', number>>;

export default defineRule({
  id: 'etcd-lag',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 2,
  title: 'etcd member {member} is behind: {words}',
  healthy: 'the etcd members keep up with their leader',
  why: 'Reads that {member} answers alone are old, it refuses writes when it is far behind, and it cannot stand in for another member.',
  shows: ['{member}  {words}'],
  folded: '{words}',
  needs: ['etcd.metrics', 'etcd.status', 'etcd.health', 'etcd.client-port', 'etcd.peer-port', 'etcd.members', 'kube.nodes'],
  limits: {
    applyWarning: {
      value: 100,
      unit: 'entries committed and not applied',
      source: 'derived: etcd server/etcdserver/v3_server.go calls tens of entries healthy',
    },
    applyCritical: {
      value: 5000,
      unit: 'entries committed and not applied',
      source: 'etcd server/etcdserver/v3_server.go maxGapBetweenApplyAndCommitIndex: more is refused',
    },
    behindWarning: { value: 1000, unit: 'entries behind the leader', source: 'derived: a fifth of what it can catch up' },
    behindCritical: {
      value: 5000,
      unit: 'entries behind the leader',
      source: 'etcd server/etcdserver/server.go DefaultSnapshotCatchUpEntries: beyond it needs a whole snapshot',
    },
    sameInstant: {
      value: 1000,
      unit: 'ms between two members’ answers',
      source: 'derived: a busy cluster commits some hundred entries in a second',
    },
  },
  reasons: ['apply', 'replicate'],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const reading = readMember(seen, member);
    if (reading.kind === 'silent') return notApplicable('it does not answer');
    if (reading.kind === 'leaderless') return undecided('it knows no leader to compare it with', 'run ha-doctor again once there is one');
    const gaps = gapsOf(seen, member, limits.sameInstant);
    const last = gaps.at(-1);
    if (last === undefined) return couldNotAsk(seen, [member], 'it told no position in its log');
    const facts = { member: subject.name, unapplied: last.unapplied, behind: last.behind ?? 'unknown' };
    const over = (gap: Gap): boolean => gap.unapplied > limits.applyWarning || (gap.behind ?? 0) > limits.behindWarning;
    if (!gaps.every(over)) {
      if (last.behind === undefined) return undecided('its leader did not tell its own position at the same time', 'run ha-doctor again');
      return pass(facts);
    }
    const [first] = gaps;
    if (gaps.length < 2 || first === undefined)
      return suspected(`it is ${total(last)} entries behind at this moment; one look cannot tell whether it catches up`);
    if (total(last) < total(first))
      return undecided(`it catches up: ${total(first)} entries behind, then ${total(last)}`, 'run ha-doctor again');
    const reason = last.unapplied > limits.applyWarning ? 'apply' : 'replicate';
    return fail({ ...facts, words: wordsFor(last, reason) }, { reason, severity: severityOf(last, limits), witness: 'stated' });
  },
  explains: [
    { to: 'etcd-member-stalls', kind: 'causes', on: 'member', because: 'its health check waits until it has caught up', unproven: true },
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'node',
      because: 'a member that is 5000 entries behind refuses writes: too many requests',
      when: ({ cause, effect }, seen) => (cause.severity === 'critical' ? usesOnlyLocalEtcd(seen, effect.subject.keys.node) : 'no'),
      unproven: true,
    },
  ],
  fixes: ({ subjects }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      return member === undefined ? [] : [watchIt(seen, member), lookAtHost(seen, member), ...replaceMember(seen, member)];
    }),
  avoid: () => ['stop another member: this one cannot stand in for it', 'take a snapshot from it'],
  reading: ['https://etcd.io/docs/v3.6/op-guide/maintenance/#raft-log-retention', 'https://etcd.io/docs/v3.6/faq/#performance'],
  errors: ['etcdserver: too many requests', 'apply entries took too long', 'sending database snapshot'],
});

function total(gap: Gap): number {
  return gap.unapplied + (gap.behind ?? 0);
}

function wordsFor(gap: Gap, reason: 'apply' | 'replicate') {
  return reason === 'apply'
    ? say('{count} entries of its log are not applied', { count: gap.unapplied })
    : say('its log ends {count} entries before the leader’s', { count: gap.behind ?? 0 });
}

function severityOf(gap: Gap, limits: Limits): 'critical' | 'warning' {
  return gap.unapplied >= limits.applyCritical || (gap.behind ?? 0) > limits.behindCritical ? 'critical' : 'warning';
}

function watchIt(seen: Seen, member: Member): Fix {
  const { where, etcdctl } = shellFor(seen, member);
  return {
    do: say('See whether {node} catches up: RAFT APPLIED INDEX comes closer to RAFT INDEX', { node: nodeOf(member) }),
    where,
    run: [`${etcdctl} endpoint status --cluster -w table; sleep 10; ${etcdctl} endpoint status --cluster -w table`],
    risk: 'none',
    needs: [],
    verify: [],
  };
}

function lookAtHost(seen: Seen, member: Member): Fix {
  return {
    do: 'If not: see whether its disk or its CPU holds it up',
    where: nodeOf(member),
    run: [
      'grep . /proc/pressure/cpu /proc/pressure/io',
      'iostat -x 1 5',
      ...readLog(etcdHome(seen, [member]), { lines: 30, filter: "grep -E 'slow|took too long|snapshot'" }),
    ],
    risk: 'none',
    needs: [],
    verify: [],
  };
}
