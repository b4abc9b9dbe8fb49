// Do the authorities that API servers hold for webhooks fit what is served there?
import { pass, undecided } from '../../../src/judge/define-rule.ts';
import type { Called } from '../../../src/judge/readings/bundles.ts';
import { callsOf } from '../../../src/judge/readings/webhook-calls.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import { withHttpsPort } from '../../../src/model/address.ts';
import type { Seen } from '../../../src/model/rule.ts';

const mostNames = 4;

/**
 * Nobody can call a webhook without a change. That calls are answered shows in the counters of API servers; why they fail
 * stands in their logs. What is left open is one line for all of them.
 */
export function judgeServed(seen: Seen<'api.metrics'>, quiet: readonly Called[]) {
  const open = quiet.filter((one) => stateOf(seen, one, quiet) !== 'answered');
  const [first] = open;
  if (first === undefined) return pass({ called: quiet.length });
  const failing = open.filter((one) => stateOf(seen, one, quiet) === 'failing');
  if (failing.length > 0)
    return undecided(
      `calls of ${namesOf(failing)} have failed, and whether for a caBundle that did not sign what is served there was not seen`,
      "kubectl -n kube-system logs -l component=kube-apiserver --tail 5000 | grep 'x509:'",
    );
  return undecided(
    `whether the caBundle of ${namesOf(open)} signed what is served there was not seen: nobody was called yet`,
    compare(first),
  );
}

/** Counters tell one webhook from another by its name alone. */
function stateOf(seen: Seen<'api.metrics'>, one: Called, all: readonly Called[]): 'answered' | 'failing' | 'not-called' {
  const calls = callsOf(seen, one);
  const alike = all.filter(({ kind, subject }) => kind === one.kind && subject.name === one.subject.name);
  return calls === 'answered' && alike.length > 1 ? 'not-called' : calls;
}

function namesOf(some: readonly Called[]): string {
  const names = [...new Set(some.map(({ subject }) => subject.name))];
  const rest = names.length > mostNames ? ` and ${names.length - mostNames} more` : '';
  return `${names.slice(0, mostNames).join(', ')}${rest}`;
}

/** Verifies what is served there as an API server does. */
function compare({ kind, object, subject, service, host = '' }: Called): string {
  const place = kind === 'CustomResourceDefinition' ? '.spec.conversion.webhook' : `.webhooks[?(@.name=="${subject.name}")]`;
  const path = shellWord(`jsonpath={${place}.clientConfig.caBundle}`);
  const bundle = `kubectl get ${shellWord(kind.toLowerCase())} ${shellWord(object)} -o ${path} | base64 -d > bundle.pem`;
  const verify = (at: string, name: string) =>
    `echo | openssl s_client -connect ${shellWord(at)} -CAfile bundle.pem -verify_hostname ${shellWord(name)} 2>&1 | grep Verif`;
  if (service === undefined) return `${bundle}; ${verify(withHttpsPort(host), host.replace(/:\d+$/, ''))}`;
  const { namespace, name, port } = service;
  const forward = `kubectl -n ${shellWord(namespace)} port-forward ${shellWord(`service/${name}`)} 8443:${port}`;
  return `${bundle}; ${forward} & sleep 3; ${verify('127.0.0.1:8443', `${name}.${namespace}.svc`)}; kill %1`;
}
