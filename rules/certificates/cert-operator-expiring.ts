// Until when does the operator's own credential let anybody in?
import { bringKubeconfig } from '../../src/judge/plans/bring-kubeconfig.ts';
import { isKubeadm } from '../../src/judge/readings/component-home.ts';
import { say } from '../../src/model/sentence.ts';
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { describeDuration } from '../../src/model/time.ts';
import { endOf, lifetimeOf, shareOf } from '../../src/judge/readings/certificate.ts';
import { serverNow } from '../../src/judge/readings/host-clock.ts';
import type { CredentialSeen } from '../../src/model/operator.ts';
import type { Cause, Fix, Seen } from '../../src/model/rule.ts';

const day = 86_400_000;

export default defineRule({
  id: 'cert-operator-expiring',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'at-risk',
  layer: 0,
  final: true,
  title: 'your own {credential} {words}',
  healthy: 'your own credential is valid for a while',
  why: 'With it this kubeconfig opens nothing. The cluster and everybody else’s access need not be touched by it.',
  shows: ['{owner}  context {context}', '  in {path}', '  {words}, by {by}'],
  folded: '{credential} {words}',
  needs: ['operator.kubeconfig', 'api.ready', 'lb.tries', 'etcd.clock'],
  limits: {
    soon: {
      value: 30,
      unit: 'days',
      source:
        'convention: the step at which kubeadm certs check-expiration should be acted on; it shrinks with what lives shorter than a year',
    },
  },
  reasons: ['expired', 'expiring'],
  subjects: () => [{ kind: 'operator', id: 'operator', name: 'you', keys: {} }],
  judge: (seen, limits) => {
    const { credential, path, context } = seen.get('operator.kubeconfig');
    const look = 'kubectl auth whoami';
    if (credential.kind === 'none') return notApplicable('the kubeconfig holds no credential that could end');
    if (credential.kind === 'broken')
      return undecided(`the credential cannot be read: ${credential.detail}`, 'kubectl config view --minify');
    if (credential.kind === 'plugin') return undecided(`${credential.command} hands out the credential and does not say until when`, look);
    const end = endsAt(credential);
    if (end === undefined) return undecided('the token does not say until when it is valid', look);
    const now = serverNow(seen);
    const facts = { path, context, ...wordsFor(credential), by: now.by };
    const witness = now.whose === 'servers' ? ('stated' as const) : ('measured' as const);
    if (end < now.low) {
      const words = say('ended {duration} ago', { duration: describeDuration(now.low - end) });
      return fail(
        { ...facts, words },
        {
          reason: 'expired',
          impact: 'degraded',
          witness,
          since: { earliest: end - (now.high - seen.startedAt), latest: end - (now.low - seen.startedAt) },
        },
      );
    }
    if (end < now.high) return undecided(`it ends about now, and ${now.by} do not agree whether that is past`, look);
    const left = describeDuration(end - now.low);
    if (end - now.low <= limits.soon * day * shareOf(lifetimeOfCredential(credential)))
      return fail({ ...facts, words: say('ends in {left}', { left }) }, { reason: 'expiring', severity: 'warning', witness });
    return pass({ ...facts, left });
  },
  explains: [
    {
      to: 'api-credential-rejected',
      kind: 'causes',
      on: 'cluster',
      because: 'every API server refuses a credential that has ended',
      produces: ['all'],
      when: ({ cause }) => (cause.reason === 'expired' ? 'yes' : 'no'),
    },
  ],
  fixes: (cause, seen) => planFor(cause, seen),
  avoid: () => ['restart API servers or etcd for this: they are right to refuse it'],
  reading: ['https://kubernetes.io/docs/tasks/administer-cluster/kubeadm/kubeadm-certs/'],
  errors: [
    'error: You must be logged in to the server (Unauthorized)',
    'You must be logged in to the server (the server has asked for the client to provide credentials)',
  ],
});

function endsAt(credential: CredentialSeen): number | undefined {
  if (credential.kind === 'client-certificate') return endOf(credential.certificate);
  return credential.kind === 'token' ? credential.expiresAt : undefined;
}

/** A token that does not say since when it lives is one of those that are made for an hour. */
function lifetimeOfCredential(credential: CredentialSeen): number {
  if (credential.kind === 'client-certificate') return lifetimeOf(credential.certificate);
  if (credential.kind !== 'token' || credential.expiresAt === undefined || credential.issuedAt === undefined) return 3_600_000;
  return credential.expiresAt - credential.issuedAt;
}

function wordsFor(credential: CredentialSeen): { readonly credential: string; readonly owner: string } {
  if (credential.kind === 'client-certificate') return { credential: 'client certificate', owner: credential.certificate.subject };
  return { credential: 'token', owner: 'a token' };
}

/** Whom kubeadm makes kubeconfigs for; anybody else's rights are not to grow by a renewal. */
const administrators = /\bCN=kubernetes-(super-)?admin\b/;

function planFor({ facts }: Cause, seen: Seen): readonly Fix[] {
  const master = seen.topology.masters[0];
  const isAdministrators = facts['credential'] === 'client certificate' && administrators.test(String(facts['owner']));
  if (!isAdministrators || !isKubeadm(seen) || master === undefined) {
    return [
      {
        do: 'Get a new kubeconfig from whoever gave you this one',
        where: 'here',
        run: [],
        risk: 'low',
        needs: [],
        verify: ['kubectl auth whoami'],
      },
    ];
  }
  const node = master.subject.name;
  return [
    {
      do: say('Make a new one on {node}, as root', { node }),
      where: node,
      run: ['kubeadm certs check-expiration   # the machine’s own certificates may be of the same day', 'kubeadm certs renew admin.conf'],
      risk: 'medium',
      needs: [{ text: say('/etc/kubernetes/pki/ca.key lies on {node}', { node }), met: 'unknown' }],
      verify: [],
    },
    bringKubeconfig(master, String(facts['path']), { text: say('{node} has made it', { node }), met: 'unknown' }),
  ];
}
