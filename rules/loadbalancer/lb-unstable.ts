// Does the load balancer stay as it is, and has it room for everybody who comes?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { backendsOf, changedAt, fullnessOf, isEnvoy, noBalancer, summariesOf } from '../../src/judge/readings/backend.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { readEnvoyRoom } from '../../src/judge/readings/envoy-room.ts';
import { showServers, takeConfig } from '../../src/judge/plans/ask-balancer.ts';
import { widenEnvoy } from '../../src/judge/plans/widen-envoy.ts';
import type { Judgement, Link, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Subject } from '../../src/model/subject.ts';

type Needs = 'operator.kubeconfig' | 'lb.stats' | 'lb.envoy' | 'lb.nginx' | 'kube.nodes';
const reasons = ['flapping', 'full', 'queueing', 'dropping', 'panicking'] as const;
type Said = Judgement<(typeof reasons)[number]>;

/** What costs clients nothing where a balancer leaves the dead alone. */
const panic = {
  kind: 'worsens',
  on: 'cluster',
  because: 'clients are sent to servers that are known to be dead',
  when: ({ cause }: Link) => (cause.reason === 'panicking' ? 'yes' : 'no'),
} as const;

export default defineRule({
  id: 'lb-unstable',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 4,
  title: 'the load balancer {words}',
  healthy: 'the load balancer keeps its servers and has room for every client',
  why: 'Whoever was connected to a server that goes down and comes back is cut each time; whoever comes while it is full has to wait.',
  shows: ['{words}'],
  folded: '{words}',
  needs: ['operator.kubeconfig', 'lb.stats', 'lb.envoy', 'lb.nginx', 'kube.nodes'],
  limits: {
    transitions: { value: 3, unit: 'times down', source: 'own choice: twice may be a restart and its aftermath' },
    recent: { value: 300, unit: 's', source: 'own choice: what has been quiet for longer is over' },
    full: { value: 80, unit: '% of the session limit', source: 'own choice: a failover moves the sessions of one server to the others' },
  },
  reasons,
  subjects: (seen) => {
    if (noBalancer(seen) && seen.peek('lb.nginx')?.state !== 'known') return [];
    const servers = (seen.attempt(() => backendsOf(seen)) ?? []).map((one) => one.subject);
    return [entryOf(seen).subject, ...servers];
  },
  judge: (seen, limits, subject) => {
    if (subject.id !== entryOf(seen).subject.id) return judgeServer(seen, subject, limits.transitions, limits.recent);
    if (isEnvoy(seen)) return judgeEnvoy(seen, limits.full);
    return seen.either(
      () => judgeRoom(seen, limits.full),
      () => judgeNginx(seen),
    );
  },
  explains: [
    {
      to: 'api-lb-unreachable',
      kind: 'causes',
      on: 'lb',
      because: 'clients that come while it is full or changing its mind fail',
      produces: ['partial', 'timeout', 'hung', 'reset', 'closed'],
      when: ({ cause }) => (({ flapping: 'unknown', panicking: 'no' }) as const)[cause.reason ?? ''] ?? 'yes',
      unproven: true,
    },
    { to: 'api-lb-unreachable', ...panic },
    { to: 'api-master-unreachable', ...panic },
    { to: 'host-unreachable', ...panic, unproven: true },
    {
      to: 'le-flapping',
      kind: 'causes',
      on: 'cluster',
      because: 'a leader that uses the load balancer cannot renew while it is cut',
      covers: 'any',
      match: 'node',
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) => {
    if (isEnvoy(seen)) return widenEnvoy(verdicts.some((one) => one.reason === 'panicking') ? 'panicking' : 'full');
    const look = {
      do: 'See how its servers have changed, and how full it is',
      where: 'lb',
      run: [
        'journalctl -u haproxy -n 100 --no-pager | grep -E "is (UP|DOWN)"',
        "echo 'show info' | socat - /run/haproxy/admin.sock | grep -E 'Maxconn|CurrConns'",
      ],
      risk: 'none' as const,
      needs: [],
      verify: [],
    };
    if (verdicts.every((one) => one.reason === 'flapping')) return [look];
    return [
      look,
      {
        do: 'Raise maxconn in global and in the frontend (Nginx: worker_connections and worker_rlimit_nofile) and the limit of open files with it',
        where: 'lb',
        run: [takeConfig.HAProxy],
        risk: 'medium',
        needs: [{ text: 'the standby balancer was changed first', met: 'unknown' }],
        verify: ["echo 'show info' | socat - /run/haproxy/admin.sock | grep -E 'Maxconn|CurrConns'"],
      },
    ];
  },
  avoid: () => [],
  reading: [
    'https://docs.haproxy.org/2.6/management.html#9.1',
    'https://nginx.org/en/docs/http/ngx_http_stub_status_module.html',
    'https://www.envoyproxy.io/docs/envoy/latest/intro/arch_overview/upstream/load_balancing/panic_threshold',
  ],
  errors: ['Server api/m2 is UP, reason: Layer7 check passed', 'worker_connections are not enough'],
});

function judgeServer(seen: Seen<Needs>, subject: Subject, transitions: number, recent: number): Said {
  const backend = backendsOf(seen).find((one) => one.subject.id === subject.id);
  const { timesDown, lastChange } = backend?.row ?? {};
  const socket = "echo 'show stat' | socat - /run/haproxy/admin.sock";
  if (backend?.envoy !== undefined)
    return undecided('Envoy does not say how often this server went down', 'set event_log_path in its health check, and read that file');
  if (backend === undefined || timesDown === undefined || lastChange === undefined)
    return undecided('HAProxy does not say how often this server went down', socket);
  const before = seen
    .samples('lb.stats')[0]
    ?.value.rows.find((row) => row.proxy === backend.row.proxy && row.server === backend.row.server);
  const fresh = Math.max(0, timesDown - (before?.timesDown ?? timesDown));
  if (fresh === 0 && (timesDown < transitions || lastChange > recent)) return pass({ node: subject.name, timesDown });
  if (fresh > 0 && timesDown < transitions) return pass({ node: subject.name, timesDown, note: 'it went down while we looked' });
  const words = say('has taken {node} out {timesDown} times, last changed {duration} ago', {
    node: subject.name,
    timesDown,
    duration: describeDuration(lastChange * 1000),
  });
  const since = changedAt(seen.known('lb.stats'), backend.row);
  return fail(
    { node: subject.name, words },
    { reason: 'flapping', witness: 'measured', ...(since !== undefined && { since: { earliest: 0, latest: since.latest } }) },
  );
}

function judgeRoom(seen: Seen<Needs>, full: number): Said {
  const { frontends, queued } = fullnessOf(seen);
  const [worst] = frontends;
  if (worst !== undefined && worst.percent > full) {
    const words = say('holds {sessions} of at most {limit} sessions in {proxy}', {
      sessions: worst.sessions,
      limit: worst.limit,
      proxy: worst.proxy,
    });
    return fail({ words }, { reason: 'full', witness: 'stated' });
  }
  const waiting = summariesOf(seen).reduce((sum, row) => sum + (row.queued ?? 0), 0) + queued;
  if (waiting > 0)
    return fail({ words: say('lets {waiting} clients wait for a free server', { waiting }) }, { reason: 'queueing', witness: 'stated' });
  if (frontends.length === 0)
    return undecided('HAProxy does not say how many sessions it holds', "echo 'show info' | socat - /run/haproxy/admin.sock");
  return pass({ sessions: worst?.sessions ?? 0 });
}

function judgeEnvoy(seen: Seen<Needs>, full: number): Said {
  const room = readEnvoyRoom(seen, full);
  switch (room.kind) {
    case 'panicking':
    case 'full':
      return fail({ words: room.words }, { reason: room.kind, witness: 'stated' });
    case 'enough':
      return pass({ active: room.active, limit: room.limit });
    case 'threshold-unseen':
      return undecided('Envoy may send clients to servers that it calls dead', 'let --envoy-admin reach /config_dump too');
    case 'limit-unseen':
      return undecided('Envoy does not say how many connections it may hold', showServers.Envoy);
  }
}

/** Connections that were accepted and not handled were dropped at worker_connections; whether still, two looks tell. */
function judgeNginx(seen: Seen<Needs>): Said {
  const samples = seen.samples('lb.nginx');
  const [first] = samples;
  const last = samples[samples.length - 1];
  if (first === undefined || last === undefined) return undecided('Nginx’s counters were not seen', '--nginx-status <url>');
  const dropped = last.value.accepted - last.value.handled;
  if (dropped <= 0) return pass({ accepted: last.value.accepted });
  if (samples.length < 2) return undecided(`Nginx has dropped ${dropped} connections since it was started`, '--deep');
  const fresh = dropped - (first.value.accepted - first.value.handled);
  if (fresh <= 0) return pass({ dropped, note: 'none of them while we looked' });
  return fail({ words: say('dropped {fresh} connections while we looked', { fresh }) }, { reason: 'dropping', witness: 'stated' });
}
