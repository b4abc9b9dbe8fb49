// Does every API server accept the operator's credential?
import { say, type Text } from '../../src/model/sentence.ts';
import { shellWord } from '../../src/judge/shell-word.ts';
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToCompareServer, planToReplaceCredential } from '../../src/judge/plans/replace-credential.ts';
import { masterOf, readApiServer } from '../../src/judge/readings/api-server.ts';
import { isKubeadm } from '../../src/judge/readings/component-home.ts';
import { entryOf } from '../../src/judge/readings/entry.ts';
import { kubeletHangsOnOwnApiServer } from '../../src/judge/readings/host.ts';
import { MissingEvidence } from '../../src/judge/view.ts';
import type { CredentialSeen } from '../../src/model/operator.ts';
import type { Facts } from '../../src/model/verdict.ts';
import type { Seen } from '../../src/model/rule.ts';
import { type Subject, subjectKey } from '../../src/model/subject.ts';

type Needs = 'operator.kubeconfig' | 'api.credential' | 'lb.credential' | 'api.ready' | 'kube.nodes';

export default defineRule({
  id: 'api-credential-rejected',
  area: 'apiserver',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 3,
  title: 'the credential in the kubeconfig is rejected by {where}',
  healthy: 'every API server that answers accepts the credential in the kubeconfig',
  why: 'You cannot look into the cluster or mend anything through its API with this kubeconfig; the cluster itself may be well.',
  shows: ['{where} {address}  {status} for {credential}', 'if accepted: accepted by {accepted}'],
  folded: '{status} from {where}',
  needs: ['operator.kubeconfig', 'api.credential', 'lb.credential', 'api.ready', 'kube.nodes'],
  limits: {
    rejected: {
      value: 401,
      unit: 'HTTP status',
      source: 'https://kubernetes.io/docs/reference/access-authn-authz/authentication/ (401 where no authenticator accepts)',
    },
  },
  reasons: ['all', 'inconsistent'],
  subjects: (seen) => {
    const answering = seen.topology.masters.filter((master) => {
      const item = seen.peek('api.credential', master.subject);
      return item?.state === 'known' && item.value.last.outcome.kind === 'answered';
    });
    if (answering.length > 0) return seen.topology.masters.map((master) => master.subject);
    return [entryOf(seen).subject];
  },
  judge: (seen, limits, subject) => {
    const { credential } = seen.get('operator.kubeconfig');
    if (credential.kind === 'none')
      return undecided('the kubeconfig holds no credential', '--kubeconfig <file> with a user that may log in');
    if (credential.kind === 'broken')
      return undecided(`no credential could be made of the kubeconfig: ${credential.detail}`, 'kubectl auth whoami');
    const status = statusAt(seen, subject);
    const where = subject.kind === 'lb' ? 'whoever answers through the load balancer' : subject.name;
    const others = othersThan(seen, subject);
    const accepting = others.filter((one) => one.status < 400);
    const facts = { where, address: subject.id, status, credential: describe(credential) };
    if (status === limits.rejected) {
      const reason = accepting.length > 0 ? 'inconsistent' : 'all';
      return fail(reason === 'all' ? facts : { ...facts, accepted: names(accepting) }, {
        reason,
        severity: reason === 'all' ? 'critical' : 'warning',
        witness: 'stated',
      });
    }
    if (status === 403 && subject.kind !== 'lb')
      return judge403(seen, subject, { ...facts, accepted: names(accepting) }, accepting.length > 0);
    if (status === 429 || status >= 500) {
      return undecided(
        `${where} answers ${status}, which says nothing about the credential`,
        `kubectl ${shellWord(`--server=https://${subject.id}`)} auth whoami`,
      );
    }
    return pass({ where, status });
  },
  explains: [
    {
      to: 'ha-node-notready',
      kind: 'causes',
      on: 'node',
      because: 'the kubelet on a master logs in to the API server beside it with a certificate of the same authority',
      when: ({ cause, effect }, seen) => {
        if (cause.reason !== 'inconsistent' || !loginIsCertificate(seen)) return 'no';
        return kubeletHangsOnOwnApiServer(seen, effect.subject.keys.node);
      },
      unproven: true,
    },
  ],
  fixes: ({ facts, verdicts }, seen) => {
    if (verdicts[0]?.reason === 'inconsistent') return planToCompareServer(seen, String(facts['where']));
    const kubeconfig = seen.peek('operator.kubeconfig');
    const kind = kubeconfig?.state === 'known' ? kubeconfig.value.credential.kind : 'none';
    const isRenewable = kind === 'client-certificate' && isKubeadm(seen);
    return planToReplaceCredential(isRenewable ? seen.topology.masters[0]?.subject.name : undefined);
  },
  avoid: ({ verdicts }) =>
    verdicts[0]?.reason === 'all' ? ['restart anything in the cluster for this: it is the credential that is refused'] : [],
  reading: [
    'https://kubernetes.io/docs/reference/access-authn-authz/authentication/',
    'https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/',
  ],
  errors: [
    'error: You must be logged in to the server (Unauthorized)',
    'the server has asked for the client to provide credentials',
    'Unauthorized',
  ],
});

/** @throws MissingEvidence where nothing was answered. */
function statusAt(seen: Seen<Needs>, subject: Subject): number {
  const { outcome } = (subject.kind === 'lb' ? seen.get('lb.credential', subject) : seen.get('api.credential', subject)).last;
  if (outcome.kind === 'answered') return outcome.status;
  const detail = `${subject.name} did not answer the login (${outcome.why})`;
  const howToGet = `kubectl ${shellWord(`--server=https://${subject.id}`)} auth whoami`;
  throw new MissingEvidence([
    { gap: 'failed', detail, howToGet, id: 'api.credential', subject: subjectKey(subject), through: subjectKey(subject) },
  ]);
}

function loginIsCertificate(seen: Seen): boolean {
  const kubeconfig = seen.peek('operator.kubeconfig');
  return kubeconfig?.state === 'known' && kubeconfig.value.credential.kind === 'client-certificate';
}

interface Asked {
  readonly name: string;
  readonly status: number;
}

function othersThan(seen: Seen<Needs>, subject: Subject): readonly Asked[] {
  return seen.topology.masters.flatMap((master) => {
    const item = seen.peek('api.credential', master.subject);
    if (master.subject.id === subject.id || item?.state !== 'known' || item.value.last.outcome.kind !== 'answered') return [];
    return [{ name: master.subject.name, status: item.value.last.outcome.status }];
  });
}

function names(asked: readonly Asked[]): string {
  return asked.map((one) => one.name).join(', ');
}

/** 403 means logged in but not allowed, unless the others allow it; and an API server without its etcd says it to everybody. */
function judge403(seen: Seen<Needs>, subject: Subject, facts: Facts, othersAccept: boolean) {
  const reading = readApiServer(seen, masterOf(seen, subject));
  if (reading.kind !== 'ready')
    return undecided(
      `${subject.name} answers 403 and is not ready: it may say so to everybody`,
      `curl -sk ${shellWord(`https://${subject.id}/readyz`)}`,
    );
  if (!othersAccept) return pass({ where: subject.name, status: 403, note: 'logged in, but not allowed to read this' });
  return fail(facts, { reason: 'inconsistent' as const, severity: 'warning', witness: 'stated' });
}

function describe(credential: CredentialSeen): Text {
  if (credential.kind === 'client-certificate')
    return say('the client certificate {subject}, ending {end}', {
      subject: credential.certificate.subject,
      end: credential.certificate.notAfter.slice(0, 10),
    });
  if (credential.kind === 'token') return 'the token';
  return credential.kind === 'plugin' ? say('the credential from {command}', { command: credential.command }) : 'the credential';
}
