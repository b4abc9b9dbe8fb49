// Which servers do API servers refuse to call, by their own words, because they do not trust what is served there?
import type { ContainerLog } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import type { Called } from './bundles.ts';

export type RefusalEvidence = 'kube.aggregated-answers' | 'kube.container-logs' | 'here.container-logs';

/**
 * `trusted`: it was called, and what it serves was verified. `refused`: an API server says why not, in Go's own words
 * (crypto/x509 and crypto/tls). `unseen`: nothing shows it.
 */
export type Refusal = { readonly kind: 'trusted' | 'unseen' } | { readonly kind: 'refused'; readonly error: string };

/** Go ends what it says about a certificate at a quote, which a log line writes behind a backslash. */
const distrust = /x509: [^"\\\n]{3,200}/;
/** `Post "https://name.namespace.svc:443/path?timeout=10s": tls: failed to verify certificate: x509: …` */
const call = /https:\/\/([^/:"\\]+)(?::\d+)?[^"\\]*\\?": (?:tls: failed to verify certificate: )?(x509: [^"\\\n]{3,200})/;

/**
 * Of an aggregated API by what the API answers for it: the condition Available says nothing, for who sets it verifies no
 * certificate (kube-aggregator available_controller.go: “an http client that will ignore TLS verification”). Of webhooks,
 * which cannot be called without a change, by lines of API servers' logs that are not older than `recentMs`.
 */
export function refusalOf(seen: Seen<RefusalEvidence>, called: Called, recentMs: number): Refusal {
  if (called.kind === 'APIService') return answeredBy(seen, called);
  const { service } = called;
  if (service === undefined) return { kind: 'unseen' };
  const host = `${service.name}.${service.namespace}.svc`;
  const errors = logsOf(seen).flatMap(({ lines }) =>
    lines.flatMap(({ at, text }) => {
      const [, named, error] = call.exec(text) ?? [];
      return named === host && error !== undefined && at !== undefined && seen.startedAt - at <= recentMs ? [{ at, error }] : [];
    }),
  );
  const [last] = errors.sort((one, other) => other.at - one.at);
  return last === undefined ? { kind: 'unseen' } : { kind: 'refused', error: last.error.trim() };
}

function answeredBy(seen: Seen<RefusalEvidence>, { object }: Called): Refusal {
  const item = seen.peek('kube.aggregated-answers');
  const answer = item?.state === 'known' ? item.value.answers.find(({ name }) => name === object) : undefined;
  if (answer === undefined) return { kind: 'unseen' };
  const error = answer.status >= 500 ? distrust.exec(answer.message)?.[0].replace(/'$/, '').trim() : undefined;
  if (error !== undefined) return { kind: 'refused', error };
  // A refusal of this login may be the API server's own, before it called anybody.
  return { kind: answer.status === 200 ? 'trusted' : 'unseen' };
}

function logsOf(seen: Seen<RefusalEvidence>): readonly ContainerLog[] {
  const both = [seen.peek('kube.container-logs'), seen.peek('here.container-logs')];
  return both.flatMap((item) => (item?.state === 'known' ? item.value.logs.filter((log) => log.component === 'kube-apiserver') : []));
}
