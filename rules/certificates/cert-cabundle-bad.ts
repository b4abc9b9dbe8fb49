// Do API servers hold authorities that count for the webhooks and APIs they call?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { type Called, calledServers } from '../../src/judge/readings/bundles.ts';
import { beginOf, endOf, isSelfMade, lifetimeOf, shareOf } from '../../src/judge/readings/certificate.ts';
import { refusalOf } from '../../src/judge/readings/refused-servers.ts';
import { type ServerNow, serverNow } from '../../src/judge/readings/host-clock.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { judgeServed } from './judging/served-by-webhooks.ts';
import { planFor } from './plans/write-bundle.ts';
import type { Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';
import { clusterSubject, type Subject } from '../../src/model/subject.ts';
import type { Severity } from '../../src/model/verdict.ts';
import { describeDuration } from '../../src/model/time.ts';

const day = 86_400_000;
const needs = [
  'kube.webhooks',
  'kube.api-services',
  'kube.conversions',
  'kube.aggregated-answers',
  'kube.container-logs',
  'here.container-logs',
  'api.metrics',
  'api.ready',
  'etcd.clock',
  'lb.tries',
] as const;
type Needs = (typeof needs)[number];

interface Flaw {
  readonly reason: 'broken' | 'expired' | 'not-yet-valid' | 'expiring' | 'other-authority' | 'refused' | 'leaf';
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
  needs,
  limits: {
    soon: { value: 30, unit: 'days', source: 'as for any certificate that is about to end' },
    recent: { value: 600, unit: 's', source: 'convention: an older line of a log may be about what was mended since' },
  },
  reasons: ['broken', 'expired', 'not-yet-valid', 'expiring', 'other-authority', 'refused', 'leaf'],
  subjects: (seen) => {
    const { called, unread } = calledServers(seen);
    const judged = judgedOf(seen, called);
    return [
      ...judged.map(({ subject }) => subject),
      ...(judged.length === 0 || unread.length > 0 ? [clusterSubject] : []),
      ...(judged.some(({ kind }) => kind !== 'APIService') ? [servedSubject] : []),
    ];
  },
  judge: (seen, limits, subject) => {
    const { called, unread } = calledServers(seen);
    const judged = judgedOf(seen, called);
    if (subject.id === servedSubject.id) {
      const open = judged.filter((one) => one.kind !== 'APIService' && refusalOf(seen, one, limits.recent * 1000).kind === 'unseen');
      return judgeServed(seen, open);
    }
    const own = judged.find((one) => one.subject.id === subject.id);
    if (own === undefined) {
      for (const id of unread) seen.get(id);
      return pass({ called: called.length });
    }
    const now = serverNow(seen);
    const { namespace = '', name: service = '', port = 0 } = own.service ?? {};
    const facts = { name: subject.name, kind: own.kind, object: own.object, namespace, service, port };
    const flaw = refusedFlaw(seen, own, limits.recent * 1000) ?? flawOf(own, now, limits.soon * day);
    if (flaw !== undefined) {
      const { reason, words } = flaw;
      const grave = severityOf(own, reason);
      return fail(
        { ...facts, words },
        { reason, severity: grave, impact: harmless.has(reason) ? 'at-risk' : 'degraded', witness: 'stated' },
      );
    }
    if (own.bundle === undefined) return notApplicable('it names no authorities, and the last refusal is long ago');
    if (own.bundle.certificates.every((one) => endOf(one) < now.high))
      return undecided('it ends about now', 'kubectl ha-doctor diagnose --only clocks');
    if (own.kind === 'APIService' && refusalOf(seen, own, limits.recent * 1000).kind === 'unseen') {
      const [version = '', ...group] = own.object.split('.');
      return undecided(
        `its caBundle counts, and whether it signed what ${own.object} serves was not seen`,
        `kubectl get --raw ${shellWord(`/apis/${group.join('.')}/${version}`)}`,
      );
    }
    return pass(facts);
  },
  explains: [
    // Not the condition Available of an aggregated API: who sets it verifies no certificate.
    { to: 'api-webhook-hazard', kind: 'hints', on: 'object', because: 'a webhook that cannot be called stops what it guards' },
    { to: 'api-latency-p99', kind: 'hints', on: 'cluster', because: 'calls that fail are waited for' },
  ],
  fixes: planFor,
  avoid: () => ['delete the webhook before you know what it guards: policies end with it', 'set insecureSkipTLSVerify'],
  reading: ['https://kubernetes.io/docs/reference/access-authn-authz/extensible-admission-controllers/#contacting-the-webhook'],
  errors: ['failed calling webhook', 'x509: certificate signed by unknown authority', 'unable to load root certificates'],
});

/** Stands for all webhooks at once: what shows whether they are trusted is one step for all of them. */
const servedSubject: Subject = { kind: 'cluster', id: 'served-by-webhooks', name: 'what webhooks serve', keys: {} };

/** What nothing fails for yet. */
const harmless = new Set<Flaw['reason']>(['expiring', 'leaf']);

/** Those with authorities of their own, and of the others whoever API servers refuse in so many words. */
function judgedOf(seen: Seen<Needs>, called: readonly Called[]): readonly Called[] {
  return called.filter((one) => one.bundle !== undefined || refusalOf(seen, one, Number.POSITIVE_INFINITY).kind === 'refused');
}

function refusedFlaw(seen: Seen<Needs>, own: Called, recentMs: number): Flaw | undefined {
  const refusal = refusalOf(seen, own, recentMs);
  if (refusal.kind !== 'refused') return undefined;
  const { error } = refusal;
  return error.includes('unknown authority')
    ? { reason: 'other-authority', words: say('another authority signed what it serves ({error})', { error }) }
    : { reason: 'refused', words: say('they refuse what it serves ({error})', { error }) };
}

function severityOf(own: Called, reason: Flaw['reason']): Severity {
  if (reason === 'expiring') return 'warning';
  if (reason === 'leaf') return own.bundle?.certificates.every(isSelfMade) === true ? 'info' : 'warning';
  return own.severity;
}

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
  const lifetime = Math.max(...bundle.certificates.map(lifetimeOf));
  if (last - now.low <= soon * shareOf(lifetime) && last >= now.high)
    return { reason: 'expiring', words: say('ends in {time}', { time: describeDuration(last - now.low) }) };
  // Go accepts one that is itself in the bundle (crypto/x509 Verify), and nothing else that its issuer signed.
  if (begun.some(({ isAuthority }) => isAuthority)) return undefined;
  return { reason: 'leaf', words: 'its caBundle holds no authority, so that only this very certificate is accepted, until it is renewed' };
}
