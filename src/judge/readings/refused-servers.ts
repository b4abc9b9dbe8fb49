// Which servers do API servers refuse to call, by their own words, because they do not trust what is served there?
import { withHttpsPort } from '../../model/address.ts';
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
const call = /https:\/\/([^/?"\\]+)([^?"\\]*)[^"\\]*\\?": (?:tls: failed to verify certificate: )?(x509: [^"\\\n]{3,200})/;
/** Whom it was for: a webhook by its name, a conversion by what was to be translated. */
const forWebhook = /failed calling webhook \\?"([^"\\]+)/i;
const forConversion = /conversion webhook for ([^/ ]+)\/\S+, Kind=(\S+) failed/;

/**
 * Of an aggregated API by what the API answers for it: the condition Available says nothing, for who sets it verifies no
 * certificate (kube-aggregator available_controller.go: “an http client that will ignore TLS verification”). Of webhooks,
 * which cannot be called without a change, by lines of API servers' logs that are not older than `recentMs`.
 */
export function refusalOf(seen: Seen<RefusalEvidence>, called: Called, recentMs: number): Refusal {
  if (called.kind === 'APIService') return answeredBy(seen, called);
  const errors = logsOf(seen).flatMap(({ lines }) =>
    lines.flatMap(({ at, text }) => {
      const error = at !== undefined && seen.startedAt - at <= recentMs ? refusedIn(text, called) : undefined;
      return at !== undefined && error !== undefined ? [{ at, error }] : [];
    }),
  );
  const [last] = errors.sort((one, other) => other.at - one.at);
  return last === undefined ? { kind: 'unseen' } : { kind: 'refused', error: last.error.trim() };
}

/** What a line says against this one, and not against another one behind the same Service. */
function refusedIn(text: string, called: Called): string | undefined {
  const [, host = '', path = '', error] = call.exec(text) ?? [];
  if (error === undefined || !isAt(called, host, path) || !isFor(called, text)) return undefined;
  return error;
}

function isAt({ service, host: own }: Called, host: string, path: string): boolean {
  if (service === undefined) return own !== undefined && withHttpsPort(own) === withHttpsPort(host);
  const { name, namespace, port, path: wanted = '' } = service;
  return withHttpsPort(host) === `${name}.${namespace}.svc:${port}` && bare(path) === bare(wanted);
}

function bare(path: string): string {
  return path.replace(/^\/+|\/+$/g, '');
}

/** A line that names nobody may be about whoever is called at that address. */
function isFor({ kind, subject, object, objects }: Called, text: string): boolean {
  const webhook = forWebhook.exec(text)?.[1];
  if (webhook !== undefined) return kind !== 'CustomResourceDefinition' && webhook === subject.name;
  const [, group, translated] = forConversion.exec(text) ?? [];
  if (group === undefined) return true;
  return kind === 'CustomResourceDefinition' && object.endsWith(`.${group}`) && (objects === undefined || objects === translated);
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
