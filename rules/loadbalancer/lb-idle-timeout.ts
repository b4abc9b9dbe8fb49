// Does the load balancer leave idle connections open for long enough?
import { defineRule, fail, pass } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { type ApiPath, apiPathsOf, endUnread } from '../../src/judge/readings/balancer-files.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { type Sentence, say } from '../../src/model/sentence.ts';

const reasons = ['short', 'uneven', 'missing', 'interactive'] as const;

export default defineRule({
  id: 'lb-idle-timeout',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 4,
  final: true,
  title: 'the load balancer on {node} {words}',
  healthy: 'the load balancer leaves idle connections open for an hour or more',
  why: 'Watches, kubectl exec, port-forward and logs -f break while nothing is said; what is cut within 30 s breaks before client-go asks whether it lives.',
  shows: ['each rows: {node} {file}  {path}  {words}'],
  folded: '{words}',
  needs: ['operator.kubeconfig', 'lb.config'],
  limits: {
    ping: {
      value: 35,
      unit: 's',
      source:
        'kubeadm docs/ha-considerations.md: timeout client and server 35s; client-go asks after 30 s of silence (HTTP2_READ_IDLE_TIMEOUT_SECONDS)',
    },
    interactive: { value: 3600, unit: 's', source: 'own choice: an hour in front of an idle shell' },
  },
  reasons,
  subjects: (seen) => (seen.topology.entryIsMaster ? [] : [entryOf(seen).subject]),
  judge: (seen, limits) => {
    const judged = apiPathsOf(seen).map((path) => ({ path, ...complaintAbout(path, limits.ping * 1000, limits.interactive * 1000) }));
    const bad = judged.filter((one) => one.reason !== undefined).sort((one, other) => rank(one.reason) - rank(other.reason));
    const [worst] = bad;
    if (worst === undefined) {
      endUnread(seen);
      return pass({ paths: judged.length });
    }
    const rows = bad.map(({ path, words }) => ({
      node: path.node === path.file ? '' : path.node,
      file: path.file,
      path: path.name,
      words,
    }));
    const severity = worst.reason === 'short' ? 'warning' : 'info';
    const facts = { node: worst.path.node, file: worst.path.file, software: worst.path.software, words: worst.words, rows };
    return fail(facts, { reason: worst.reason ?? 'short', severity, witness: 'stated' });
  },
  explains: [
    {
      to: 'api-5xx-ratio',
      kind: 'causes',
      on: 'cluster',
      because: 'requests whose connection is cut are counted as cut off',
      produces: ['terminated'],
      when: ({ cause }) => (cause.reason === 'short' ? 'unknown' : 'no'),
      unproven: true,
    },
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'cluster',
      because: 'a kubelet whose connection is cut before it speaks again may miss its turns',
      when: ({ cause }) => (cause.reason === 'short' ? 'unknown' : 'no'),
      unproven: true,
    },
  ],
  fixes: ({ facts }) => {
    const file = String(facts['file']);
    const isNginx = facts['software'] === 'Nginx';
    return [
      { do: 'See which times are set', where: 'lb', run: [`grep -nE 'timeout' ${shellWord(file)}`], risk: 'none', needs: [], verify: [] },
      {
        do: isNginx
          ? 'Set in the server that leads to the API: proxy_timeout 1h'
          : 'Set in the API’s frontend and backend: timeout client 1h | timeout server 1h | timeout tunnel 1h',
        where: 'lb',
        run: [isNginx ? 'nginx -t && nginx -s reload' : `haproxy -c -f ${shellWord(file)} && systemctl reload haproxy`],
        risk: 'medium',
        needs: [{ text: 'the standby balancer was changed first', met: 'unknown' }],
        verify: ['kubectl -n kube-system get pods --watch   # stays open for five minutes'],
      },
    ];
  },
  avoid: () => [],
  reading: [
    'https://github.com/kubernetes/kubeadm/blob/main/docs/ha-considerations.md',
    'https://docs.haproxy.org/2.6/configuration.html#4-timeout%20tunnel',
    'https://nginx.org/en/docs/stream/ngx_stream_proxy_module.html#proxy_timeout',
  ],
  errors: [
    'http2: client connection lost',
    'error: unexpected EOF',
    'error reading from error stream: read tcp … use of closed network connection',
  ],
});

function rank(reason: (typeof reasons)[number] | undefined): number {
  return reason === undefined ? reasons.length : reasons.indexOf(reason);
}

interface Complaint {
  readonly reason?: (typeof reasons)[number];
  readonly words: Sentence | '';
}

/** Once a TCP connection stands in both directions `timeout tunnel` takes the place of the other two (HAProxy 2.6, section 4.2). */
function complaintAbout({ mode, timeouts: { client, server, tunnel } }: ApiPath, ping: number, interactive: number): Complaint {
  const idle = mode === 'tcp' && tunnel !== undefined ? tunnel : Math.min(client ?? Infinity, server ?? Infinity);
  if (idle < ping) return { reason: 'short', words: say('cuts connections that are idle for {time}', { time: describeDuration(idle) }) };
  if (client === undefined || server === undefined)
    return { reason: 'missing', words: say('never lets go of connections whose other end is gone') };
  if (tunnel === undefined && client !== server) {
    const [one, other] = [describeDuration(client), describeDuration(server)];
    return { reason: 'uneven', words: say('cuts clients after {one} and servers after {other}', { one, other }) };
  }
  return idle < interactive
    ? { reason: 'interactive', words: say('cuts connections that are idle for {time}', { time: describeDuration(idle) }) }
    : { words: '' };
}
