// Is an authority about to end, or has it ended?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToRotateAuthority } from '../../src/judge/plans/rotate-authority.ts';
import {
  type AuthorityEvidence,
  authoritiesSeen,
  authorityNeeds,
  type AuthoritySeen,
  leavesOf,
  missingAuthorities,
} from '../../src/judge/readings/authorities.ts';
import { endOf } from '../../src/judge/readings/certificate.ts';
import { type Authority, describeRole, nameOfAuthority } from '../../src/judge/readings/certificate-role.ts';
import { serverNow } from '../../src/judge/readings/host-clock.ts';
import type { Certainty, Edge, Link, Seen } from '../../src/model/rule.ts';
import { say } from '../../src/model/sentence.ts';
import type { Subject } from '../../src/model/subject.ts';
import { describeDuration, describeMoment } from '../../src/model/time.ts';

const day = 86_400_000;
const convention = 'convention: to exchange an authority everywhere takes weeks of planning';

export default defineRule({
  id: 'cert-ca-expiring',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'at-risk',
  layer: 0,
  final: true,
  title: 'the {name} authority {words}',
  healthy: 'the authorities last',
  why: 'When it ends, every certificate it signed is refused at once, whatever their own dates say. kubeadm certs renew does not renew it.',
  shows: ['{subject}  sha256 {sha256}', '  ends {ends}  by {by}', '  seen {where}', 'if longest: {longest}'],
  folded: 'the {name} authority {words}',
  needs: authorityNeeds,
  limits: {
    critical: { value: 30, unit: 'days', source: convention },
    warning: { value: 180, unit: 'days', source: convention },
  },
  reasons: ['expired', 'ending', 'shorter', 'left'],
  subjects: (seen) => [...authoritiesSeen(seen).map(subjectFor), ...missingAuthorities(seen).map(subjectOfMissing)],
  judge: (seen, limits, subject) => {
    const found = authoritiesSeen(seen).find((one) => subjectFor(one).id === subject.id);
    if (found === undefined) return undecided('nobody saw this authority', 'run ha-doctor on a master, as root');
    const now = serverNow(seen);
    const { authority, certificate, where } = found;
    const end = endOf(certificate);
    const base = {
      name: nameOfAuthority(authority),
      subject: certificate.subject,
      sha256: `${certificate.sha256.slice(0, 16)}…`,
      authority,
    };
    const facts = { ...base, ends: describeMoment(certificate.notAfter), by: now.by, where: where.join(', '), longest: '' };
    const options = { group: authority, witness: now.whose === 'servers' ? 'stated' : 'measured' } as const;
    if (end - now.low <= limits.warning * day && isReplaced(seen, found, now.high)) {
      const words = say('that nothing seen needs any more ends {ends}; a valid one stands beside it', { ends: facts.ends });
      return fail({ ...facts, words }, { ...options, reason: 'left', severity: 'info', impact: 'at-risk' });
    }
    if (end < now.low) {
      const words = say('ended {duration} ago', { duration: describeDuration(now.low - end) });
      const since = { earliest: end - (now.high - seen.startedAt), latest: end - (now.low - seen.startedAt) };
      return fail(
        { ...facts, words },
        { ...options, reason: 'expired', impact: authority === 'front-proxy-ca' ? 'degraded' : 'outage', since },
      );
    }
    if (end < now.high)
      return undecided(`it ends about now, and ${now.by} do not agree whether that is past`, 'kubectl ha-doctor diagnose --only clocks');
    const left = describeDuration(end - now.low);
    if (end - now.low <= limits.warning * day) {
      const severity = end - now.low <= limits.critical * day ? 'critical' : 'warning';
      return fail({ ...facts, words: say('ends in {left}', { left }) }, { ...options, reason: 'ending', severity });
    }
    const [longer] = leavesOf(seen, found).filter((leaf) => endOf(leaf.certificate) > end);
    if (longer === undefined) return pass({ ...facts, left });
    const longest = say('{where} ends {ends}, after it', { where: longer.where, ends: describeMoment(longer.certificate.notAfter) });
    return fail(
      { ...facts, longest, words: say('ends in {left}, before what it signed', { left }) },
      { ...options, reason: 'shorter', severity: 'info', impact: 'at-risk' },
    );
  },
  explains: [
    refused('api-master-unreachable', 'clients refuse all that it signed', 'ca', ['untrusted']),
    refused('api-lb-unreachable', 'clients refuse all that it signed', 'ca', ['partial', 'untrusted', 'tls']),
    refused('ha-node-notready', 'kubelets refuse the API servers, and are refused', 'ca'),
    refused('le-lease-expired', 'controllers refuse the API servers, and are refused', 'ca'),
    refused('etcd-member-down', 'clients refuse all that it signed', 'etcd-ca', ['tls', 'untrusted', 'hung']),
    refused('etcd-partition', 'members refuse each other', 'etcd-ca'),
    refused('etcd-no-leader', 'members refuse each other and cannot elect', 'etcd-ca'),
    refused('api-readyz-etcd', 'API servers and etcd refuse each other', 'etcd-ca'),
    refused('api-aggregated-unavailable', 'what extends the API refuses the API servers', 'front-proxy-ca', ['refused']),
    refused('cert-chain-invalid', 'nothing is signed by an authority that counts', 'any'),
    refused('cert-leaf-expired', 'kubeadm lets nothing live longer than its authority', 'any'),
  ],
  fixes: ({ facts, verdicts }, seen) =>
    verdicts.every(({ reason }) => reason === 'left') ? [] : planToRotateAuthority(String(facts['authority']) as Authority, seen),
  avoid: () => [
    'replace ca.crt alone: every kubeconfig, kubelet and service account holds the old one',
    'kubeadm certs renew all: it does not touch authorities',
  ],
  reading: ['https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/'],
  errors: ['x509: certificate has expired or is not yet valid', 'x509: certificate signed by unknown authority'],
});

/**
 * After a rotation the old one stays in bundles for a while: a valid one has the same key, or signed something that was seen and all that the
 * old one may have signed.
 */
function isReplaced(seen: Seen<AuthorityEvidence>, old: AuthoritySeen, now: number): boolean {
  const last = Math.max(now, endOf(old.certificate));
  const valid = authoritiesSeen(seen).filter((one) => one.authority === old.authority && endOf(one.certificate) > last);
  const { publicKey } = old.certificate;
  if (publicKey !== undefined && valid.some(({ certificate }) => certificate.publicKey === publicKey)) return true;
  const theirs = new Set(valid.flatMap((one) => leavesOf(seen, one)));
  return theirs.size > 0 && leavesOf(seen, old).every((leaf) => theirs.has(leaf));
}

function subjectFor({ authority, certificate }: AuthoritySeen): Subject {
  return { kind: 'cluster', id: `${authority}/${certificate.sha256.slice(0, 12)}`, name: authority, keys: {} };
}

function subjectOfMissing(authority: Authority): Subject {
  return { kind: 'cluster', id: authority, name: authority, keys: {} };
}

/** An authority is the whole cluster's, so that all it signed fails together. */
function refused(to: Edge['to'], because: string, authority: Authority | 'any', produces?: readonly string[]): Edge {
  const when = ({ cause, effect }: Link): Certainty => {
    const concerned = authority === 'any' ? authorityBehind(effect.group) === cause.group : cause.group === authority;
    return cause.reason === 'expired' && concerned ? 'yes' : 'no';
  };
  return { to, kind: 'causes', on: 'cluster', because, ...(produces !== undefined && { produces }), when, unproven: true };
}

function authorityBehind(role: string | undefined): Authority | undefined {
  return role === undefined ? undefined : describeRole(role).authority;
}
