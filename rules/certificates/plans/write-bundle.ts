// How do API servers get the authorities of somebody they call?
import { shellWord } from '../../../src/judge/shell-word.ts';
import type { Cause, Fix } from '../../../src/model/rule.ts';
import { say } from '../../../src/model/sentence.ts';

export function planFor({ verdicts }: Cause): readonly Fix[] {
  return verdicts.flatMap(({ facts, reason }): readonly Fix[] => {
    const [kind, object] = [String(facts['kind']).toLowerCase(), shellWord(String(facts['object']))];
    const write: Fix = {
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
    const [namespace, service] = [String(facts['namespace']), String(facts['service'])];
    if ((reason !== 'refused' && reason !== 'other-authority') || service === '') return [write];
    const forward = `kubectl -n ${shellWord(namespace)} port-forward ${shellWord(`service/${service}`)} 8443:${Number(facts['port'])}`;
    const show = 'openssl x509 -noout -subject -issuer -dates -ext subjectAltName';
    const look: Fix = {
      do: 'See what it serves: by whom it is signed, until when, and for which names',
      where: 'here',
      run: [`${forward} & sleep 3; echo | openssl s_client -connect 127.0.0.1:8443 2>/dev/null | ${show}; kill %1`],
      risk: 'none',
      needs: [],
      verify: [],
    };
    return [look, write];
  });
}
