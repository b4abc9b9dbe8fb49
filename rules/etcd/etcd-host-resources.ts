// Does the machine of this member have disk, memory and files to spare?
import { etcdHome } from '../../src/judge/readings/etcd-home.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { dataFolderOf } from '../../src/judge/readings/etcd-flags.ts';
import { nodeOf } from '../../src/judge/readings/etcdctl.ts';
import { shortagesOf } from '../../src/judge/readings/host-shortage.ts';
import { memberAt, restartMember } from '../../src/judge/readings/member-fixes.ts';
import { membersOf } from '../../src/judge/readings/member.ts';
import { etcdAccessFlags } from '../../src/judge/readings/voters.ts';
import type { Fix, Link, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Member } from '../../src/model/topology.ts';

export default defineRule({
  id: 'etcd-host-resources',
  area: 'etcd',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  title: 'the machine of etcd member {member} runs short: {words}',
  healthy: 'the machines of etcd have disk, memory and files to spare',
  why: 'A member without room for its log ends and cannot start again; without files or memory it stops serving.',
  shows: ['each shortages: {node}  {words}'],
  folded: '{words}',
  needs: ['here.disk', 'here.files', 'etcd.metrics', 'etcd.status', 'etcd.members', 'kube.nodes', 'kube.control-plane-pods'],
  limits: {
    diskWarning: {
      value: 20,
      unit: 'percent of the disk free',
      source: 'https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/: the kubelet acts at 10 to 15',
    },
    diskCritical: { value: 5, unit: 'percent of the disk free', source: 'convention' },
    ample: {
      value: 32,
      unit: 'GiB free that are enough whatever the percentage',
      source: 'derived: four times the 8 GiB that etcd takes at the most',
    },
    files: { value: 80, unit: 'percent of the files that may be open', source: 'convention' },
    killed: { value: 3600, unit: 's since it was ended for its memory', source: 'convention' },
  },
  reasons: ['disk', 'disk-pressure', 'memory', 'files', 'processes'],
  subjects: (seen) => membersOf(seen).flatMap((member) => (member.started ? [member.subject] : [])),
  judge: (seen, limits, subject) => {
    const member = memberAt(seen, subject.id);
    if (member === undefined) return undecided(`${subject.name} is no longer known`, etcdAccessFlags);
    const { shortages, disk, files } = shortagesOf(seen, member, limits);
    const [worst] = [...shortages].sort((one, other) => Number(other.severity === 'critical') - Number(one.severity === 'critical'));
    if (worst !== undefined) {
      const rows = shortages.map(({ words }) => ({ words }));
      const facts = { member: subject.name, node: nodeOf(member), words: worst.words, shortages: rows };
      return fail(facts, { reason: worst.reason, severity: worst.severity, witness: 'stated' });
    }
    if (disk === undefined)
      return undecided(`nobody looked at the disk of ${nodeOf(member)}`, 'run ha-doctor on each machine of etcd, as root');
    if (files === undefined) seen.get('etcd.metrics', member.subject);
    return pass({ member: subject.name, free: disk });
  },
  explains: [
    {
      to: 'etcd-member-stalls',
      kind: 'causes',
      on: 'node',
      because: 'what waits for memory stands still',
      when: ({ cause }) => (cause.reason === 'memory' ? 'yes' : 'no'),
      unproven: true,
    },
    {
      to: 'etcd-restart-loop',
      kind: 'causes',
      on: 'node',
      because: 'etcd ends when it cannot write its log, and when the machine takes its memory',
      produces: ['no-space', 'memory', 'unknown'],
      unproven: true,
    },
    {
      to: 'etcd-member-down',
      kind: 'causes',
      on: 'node',
      because: 'etcd ends when it cannot write its log, and when the machine takes its memory',
      produces: ['refused', 'hung', 'closed', 'reset'],
      unproven: true,
    },
    {
      to: 'etcd-fsync-slow',
      kind: 'causes',
      on: 'node',
      because: 'a nearly full disk, or one that others fill, writes slowly',
      when: ({ cause }) => (cause.reason === 'disk' || cause.reason === 'disk-pressure' ? 'yes' : 'no'),
      unproven: true,
    },
    { to: 'api-restart-loop', kind: 'causes', on: 'node', because: 'what runs beside it runs short of the same', unproven: true },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'what runs beside it runs short of the same',
      produces: ['refused', 'hung', 'closed', 'reset', 'slow', 'unsteady'],
      when: ofTheMachine,
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet runs short of the same',
      when: ofTheMachine,
      unproven: true,
    },
  ],
  fixes: ({ subjects, verdicts }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      if (member === undefined) return [];
      const reason = verdicts.find((verdict) => verdict.subject.id === subject.id)?.reason;
      if (reason === 'processes') return [countProcesses(member)];
      if (reason === 'memory' || reason === 'files') return [whoUses(member, reason)];
      return [findRoom(seen, member), restartMember(seen, member)];
    }),
  avoid: ({ subjects }, seen) =>
    subjects.flatMap((subject) => {
      const member = memberAt(seen, subject.id);
      if (member === undefined) return [];
      return [
        say('delete or move anything below {folder}/member: it is the data', { folder: dataFolderOf(seen, member) }),
        say('defragment {node} now: that needs room for a second copy', { node: nodeOf(member) }),
      ];
    }),
  reading: [
    'https://etcd.io/docs/v3.6/op-guide/hardware/',
    'https://kubernetes.io/docs/concepts/scheduling-eviction/node-pressure-eviction/',
  ],
  errors: ['no space left on device', 'too many open files', 'OOMKilled', 'NodeHasDiskPressure'],
});

/** Its own open files are no shortage of the machine. */
function ofTheMachine({ cause }: Link): 'yes' | 'no' {
  return cause.reason === 'files' ? 'no' : 'yes';
}

function countProcesses(member: Member): Fix {
  return {
    do: 'See whose processes and threads these are; a control-plane machine runs nothing else',
    where: nodeOf(member),
    run: ['cat /proc/sys/kernel/pid_max; ls -d /proc/[0-9]*/task/* | wc -l', 'ps -eo nlwp,comm --sort=-nlwp | head -12'],
    risk: 'none',
    needs: [],
    verify: [],
  };
}

function findRoom(seen: Seen<'kube.control-plane-pods' | 'here.files'>, member: Member): Fix {
  const folder = shellWord(etcdHome(seen, [member]).folder);
  return {
    do: say('Find what fills the disk of {node}: old snapshots or logs; delete or move that', { node: nodeOf(member) }),
    where: nodeOf(member),
    run: [
      `df -h ${folder}; df -i ${folder}`,
      `du -xh --max-depth=2 "$(df --output=target ${folder} | tail -1)" 2>/dev/null | sort -h | tail -15`,
    ],
    risk: 'low',
    needs: [],
    verify: [`df -h ${folder}   # more than 20 % free`],
  };
}

function whoUses(member: Member, what: 'memory' | 'files'): Fix {
  return {
    do:
      what === 'memory'
        ? 'See who uses the memory; a control-plane machine runs nothing else'
        : 'See who keeps so many connections to it open',
    where: nodeOf(member),
    run:
      what === 'memory'
        ? ['free -m', 'ps -eo rss,comm --sort=-rss | head -12', "dmesg -T | grep -i 'out of memory' | tail -5"]
        : [
            'ls /proc/"$(pidof etcd)"/fd | wc -l',
            "ss -Htn 'sport = :2379' | awk '{print $5}' | sed 's/:[0-9]*$//' | sort | uniq -c | sort -n | tail",
          ],
    risk: 'none',
    needs: [],
    verify: [],
  };
}
