// Can the load balancer's check see that an API server is unwell?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { say } from '../../src/model/sentence.ts';
import { readApiServer } from '../../src/judge/readings/api-server.ts';
import { backendsOf, isEnvoy, isUsable, noBalancer } from '../../src/judge/readings/backend.ts';
import { checkIsGood, depthOf } from '../../src/judge/readings/balancer-check.ts';
import { showServers, takeConfig } from '../../src/judge/plans/ask-balancer.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import type { Fix } from '../../src/model/rule.ts';

const reasons = ['none', 'connect', 'tls', 'blind-to-certificates'] as const;

export default defineRule({
  id: 'lb-check-too-shallow',
  area: 'loadbalancer',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 7,
  final: true,
  title: 'the load balancer’s check cannot see {blind}',
  healthy: 'the load balancer asks each API server whether it is ready',
  why: 'An API server that accepts connections and serves nobody keeps getting its share of the clients.',
  shows: ['{words}'],
  folded: '{words}',
  needs: ['operator.kubeconfig', 'lb.stats', 'lb.envoy', 'api.ready', 'kube.nodes'],
  limits: {},
  reasons,
  subjects: (seen) => (noBalancer(seen) ? [] : [entryOf(seen).subject]),
  judge: (seen) => {
    const backends = backendsOf(seen);
    const depth = depthOf(backends);
    if (depth === 'unclear') {
      return undecided(
        'no check got far enough to show what it asks for',
        isEnvoy(seen)
          ? 'let --envoy-admin reach /config_dump too'
          : "on the load balancer: grep -nE 'httpchk|tcp-check|http-check|^ *server' /etc/haproxy/haproxy.cfg",
      );
    }
    if (depth !== 'readiness') {
      return fail(
        { blind: 'an API server that is not ready', words: shallowWords[depth], servers: names(backends.map((one) => one.subject.name)) },
        { reason: depth, witness: 'stated' },
      );
    }
    const believed = backends.filter((one) => one.master !== undefined && isUsable(one) && checkIsGood(one));
    const refused = seen.tally(believed, (one) => {
      if (one.master === undefined) return false;
      const reading = readApiServer(seen, one.master);
      return reading.kind !== 'silent' && reading.trust.kind === 'untrusted';
    });
    if (refused.yes.length === 0) {
      // Whoever could not be asked may be the one: reading again ends this as unknown.
      for (const { master } of refused.unknown) if (master !== undefined) readApiServer(seen, master);
      return pass({ depth: 'asks for readiness' });
    }
    const servers = names(refused.yes.map((one) => one.subject.name));
    return fail(
      {
        blind: 'a certificate that clients refuse',
        words: say('its check says that {servers} is well, so it does not verify certificates', { servers }),
        servers,
      },
      { reason: 'blind-to-certificates', witness: 'agreed' },
    );
  },
  explains: [
    { to: 'api-lb-unreachable', kind: 'worsens', on: 'lb', because: 'clients go on being sent to a server that fails them' },
    { to: 'lb-check-disagrees', kind: 'worsens', on: 'lb', because: 'the check calls a server well that is not' },
    {
      to: 'api-master-unreachable',
      kind: 'worsens',
      on: 'cluster',
      because: 'clients go on being sent to it',
      when: ({ cause, effect }) => (cause.reason !== 'blind-to-certificates' || effect.reason === 'untrusted' ? 'yes' : 'no'),
    },
  ],
  fixes: ({ verdicts }, seen) => {
    const blind = verdicts[0]?.reason === 'blind-to-certificates';
    if (isEnvoy(seen)) return [mendEnvoy(blind)];
    const lines = blind
      ? ['default-server check check-ssl verify required ca-file /etc/haproxy/kubernetes-ca.crt']
      : [
          'option httpchk GET /readyz',
          'http-check expect status 200',
          'default-server check check-ssl verify none inter 2s fall 3 rise 2 on-marked-down shutdown-sessions',
        ];
    return [
      {
        do: say('Put into the backend of haproxy.cfg: {lines}', { lines: lines.join(' | ') }),
        where: 'lb',
        run: [takeConfig.HAProxy],
        risk: 'medium',
        needs: blind
          ? [{ text: 'the cluster’s CA lies in that file', met: 'unknown' }]
          : [{ text: '/readyz answers without a login', met: 'unknown' }],
        verify: ["echo 'show stat' | socat - /run/haproxy/admin.sock | cut -d, -f1,2,18,37   # L7OK"],
        undo: ['put the old lines back and reload'],
      },
    ];
  },
  avoid: () => [],
  reading: [
    'https://docs.haproxy.org/2.6/configuration.html#4-option%20httpchk',
    'https://www.envoyproxy.io/docs/envoy/latest/api-v3/config/core/v3/health_check.proto',
    'https://github.com/kubernetes/kubeadm/blob/main/docs/ha-considerations.md',
  ],
});

const shallowWords = {
  none: 'it checks nothing: every server gets clients whatever it does',
  connect: 'its check only connects: a hung or unready API server passes',
  tls: 'its check ends with the TLS handshake: an unready API server passes',
} as const;

function names(all: readonly string[]): string {
  return [...new Set(all)].join(', ');
}

/** Clients' TLS is passed on, so that TLS for the check alone has to be chosen by a match. */
function mendEnvoy(blind: boolean): Fix {
  const tls = blind
    ? 'validation_context: {trusted_ca: {filename: /etc/envoy/kubernetes-ca.crt}} in common_tls_context of the check’s UpstreamTlsContext'
    : 'health_checks with http_health_check: {path: /readyz} and transport_socket_match_criteria: {check: true}, and under transport_socket_matches a TLS socket for match: {check: true}';
  return {
    do: say('Put into the API’s cluster of envoy.yaml: {lines}', { lines: tls }),
    where: 'lb',
    run: [takeConfig.Envoy],
    risk: 'medium',
    needs: blind
      ? [{ text: 'the cluster’s CA lies in that file', met: 'unknown' }]
      : [{ text: '/readyz answers without a login', met: 'unknown' }],
    verify: [showServers.Envoy],
    undo: ['put the old lines back and restart'],
  };
}
