// Do API servers hold authorities that count for the webhooks and APIs they call?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { type Called, calledServers } from '../../src/judge/readings/bundles.ts';
import { beginOf, endOf } from '../../src/judge/readings/certificate.ts';
import { type ServerNow, serverNow } from '../../src/judge/readings/host-clock.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import type { Cause, Fix } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import { clusterSubject } from '../../src/model/subject.ts';
import type { Severity } from '../../src/model/verdict.ts';
import { describeDuration } from '../../src/model/time.ts';

const day = 86_400_000;

interface Flaw {
  readonly reason: 'broken' | 'expired' | 'not-yet-valid' | 'expiring';
  readonly words: Text;
}

export default defineRule({
  id: 'cert-cabundle-bad',
  area: 'certificates',
  since: '0.1.0',
  severity: 'warning',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: 'API servers cannot trust {name}: {words}',
  healthy: 'authorities for webhooks and aggregated APIs count',
  why: 'Each call to it fails in TLS: what it guards cannot be changed, what it serves or translates cannot be read.',
  shows: ['{kind} {object}', '  caBundle: {words}'],
  folded: 'caBundle {words}',
  needs: ['kube.webhooks', 'kube.api-services', 'kube.conversions', 'api.ready', 'etcd.clock', 'lb.tries'],
  limits: {
    soon: { value: 30, unit: 'days', source: 'as for any certificate that is about to end' },
  },
  reasons: ['broken', 'expired', 'not-yet-valid', 'expiring'],
  subjects: (seen) => {
    const { called, unread } = calledServers(seen);
    const given = called.filter(({ bundle }) => bundle !== undefined);
    return [...given.map(({ subject }) => subject), ...(given.length === 0 || unread.length > 0 ? [clusterSubject] : [])];
  },
  judge: (seen, limits, subject) => {
    const { called, unread } = calledServers(seen);
    const own = called.find((one) => one.subject.id === subject.id);
    if (own?.bundle === undefined) {
      for (const id of unread) seen.get(id);
      return pass({ called: called.length });
    }
    const now = serverNow(seen);
    const facts = { name: subject.name, kind: own.kind, object: own.object };
    const flaw = flawOf(own, now, limits.soon * day);
    if (flaw !== undefined) {
      const severity: Severity = flaw.reason === 'expiring' ? 'warning' : own.severity;
      return fail(
        { ...facts, words: flaw.words },
        { reason: flaw.reason, severity, impact: flaw.reason === 'expiring' ? 'at-risk' : 'degraded', witness: 'stated' },
      );
    }
    if (own.bundle.certificates.every((one) => endOf(one) < now.high))
      return undecided('it ends about now', 'kubectl ha-doctor diagnose --only clocks');
    return pass(facts);
  },
  explains: [
    {
      to: 'api-aggregated-unavailable',
      kind: 'causes',
      on: 'object',
      because: 'API servers refuse what they cannot verify',
      when: ({ cause }) => (cause.reason === 'expiring' ? 'no' : 'yes'),
      unproven: true,
    },
    { to: 'api-webhook-hazard', kind: 'hints', on: 'object', because: 'a webhook that cannot be called stops what it guards' },
    { to: 'api-latency-p99', kind: 'hints', on: 'cluster', because: 'calls that fail are waited for' },
  ],
  fixes: planFor,
  avoid: () => ['delete the webhook before you know what it guards: policies end with it', 'set insecureSkipTLSVerify'],
  reading: ['https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook'],
  errors: ['failed calling webhook', 'x509: certificate signed by unknown authority', 'unable to load root certificates'],
});

/** During a rotation one that has ended may stand beside one that counts. */
function flawOf({ bundle }: Called, now: ServerNow, soon: number): Flaw | undefined {
  if (bundle === undefined) return undefined;
  if (bundle.broken !== undefined) return { reason: 'broken', words: bundle.broken };
  const last = Math.max(...bundle.certificates.map(endOf));
  if (last < now.low) return { reason: 'expired', words: say('ended {time} ago', { time: describeDuration(now.low - last) }) };
  const begun = bundle.certificates.filter((one) => beginOf(one) <= now.high);
  if (begun.length === 0) {
    const first = Math.min(...bundle.certificates.map(beginOf));
    return { reason: 'not-yet-valid', words: say('begins only in {time}', { time: describeDuration(first - now.high) }) };
  }
  return last - now.low <= soon && last >= now.high
    ? { reason: 'expiring', words: say('ends in {time}', { time: describeDuration(last - now.low) }) }
    : undefined;
}

function planFor({ verdicts }: Cause): readonly Fix[] {
  return verdicts.map(({ facts }): Fix => {
    const [kind, object] = [String(facts['kind']).toLowerCase(), shellWord(String(facts['object']))];
    return {
      do: say('Let whoever installed {object} write its caBundle again: cert-manager’s cainjector, the operator, or helm', {
        object: String(facts['object']),
      }),
      where: 'here',
      run: [
        `kubectl get ${kind} ${object} -o jsonpath='{.metadata.annotations}'   # cert-manager.io/inject-ca-from?`,
        'kubectl -n cert-manager rollout restart deployment cert-manager-cainjector   # where that is what injects it',
      ],
      risk: 'medium',
      needs: [{ text: 'what serves it shows a certificate of the new authority', met: 'unknown' }],
      verify: [
        `kubectl get ${kind} ${object} -o yaml | grep caBundle: | head -1 | awk '{print $2}' | base64 -d | openssl x509 -noout -dates`,
      ],
    };
  });
}
