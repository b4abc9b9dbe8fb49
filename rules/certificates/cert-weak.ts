// Is a certificate made in a way that clients refuse or that can be broken?
import { defineRule, fail, pass, undecided } from '../../src/judge/define-rule.ts';
import { planToReissue } from '../../src/judge/plans/reissue-certificate.ts';
import { planToRenew } from '../../src/judge/plans/renew-certificate.ts';
import { certificateNeeds, certificateSubjects, isSelfMade, type Leaf, lifetimeOf, lookAt } from '../../src/judge/readings/certificate.ts';
import { isServerRole } from '../../src/judge/readings/certificate-role.ts';
import { describeLeaf } from '../../src/judge/readings/certificate-words.ts';
import type { CertificateSeen } from '../../src/model/network.ts';
import { say, type Text } from '../../src/model/sentence.ts';

const day = 86_400_000;

interface Weakness {
  readonly reason: 'key' | 'signature' | 'nameless' | 'long';
  readonly words: Text;
}

export default defineRule({
  id: 'cert-weak',
  area: 'certificates',
  since: '0.1.0',
  severity: 'warning',
  impact: 'at-risk',
  layer: 0,
  final: true,
  title: 'the {name} certificate of {node} is weak: {words}',
  healthy: 'keys and signatures are strong enough',
  why: 'Programs written in Go refuse signatures by SHA-1 and certificates without names; short keys can be broken.',
  shows: ['{node} {where}  role {role}', '  serial {serial}  sha256 {sha256}', '  {words}'],
  folded: '{name} certificate: {words}',
  needs: certificateNeeds,
  limits: {
    rsa: { value: 2048, unit: 'bits', source: 'NIST SP 800-131A rev. 2, table 2' },
    curve: { value: 224, unit: 'bits', source: 'NIST SP 800-131A rev. 2, table 2' },
    lifetime: { value: 825, unit: 'days', source: 'CA/Browser Forum ballot 193, what Apple’s clients hold servers to' },
  },
  reasons: ['key', 'signature', 'nameless', 'long'],
  subjects: certificateSubjects,
  judge: (seen, limits, subject) => {
    const { place, leaves } = lookAt(seen, subject);
    const weak = leaves.flatMap((leaf) => weaknessesOf(leaf, place.role, limits).map((weakness) => ({ leaf, weakness })));
    const [worst] = weak.sort((one, other) => Number(one.weakness.reason === 'long') - Number(other.weakness.reason === 'long'));
    if (worst !== undefined) {
      const { reason, words } = worst.weakness;
      return fail(
        { ...describeLeaf(place, worst.leaf), words },
        { reason, severity: reason === 'long' ? 'info' : 'warning', group: place.role, witness: 'stated' },
      );
    }
    const [first] = leaves;
    if (first !== undefined && first.certificate.key === undefined)
      return undecided('this evidence does not tell how it was made', 'run ha-doctor again');
    return pass({ node: subject.name, role: place.role, key: first === undefined ? '' : describeKey(first.certificate) });
  },
  explains: [
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'clients written in Go refuse such a signature, or a certificate without names',
      produces: ['untrusted'],
      when: ({ cause }) => (cause.group === 'apiserver' && (cause.reason === 'signature' || cause.reason === 'nameless') ? 'yes' : 'no'),
      unproven: true,
    },
  ],
  fixes: ({ verdicts }, seen) =>
    verdicts.flatMap(({ facts, reason }) => {
      const [node, role, where] = [String(facts['node']), String(facts['role']), String(facts['where'])];
      // A renewal takes the names over, or the lack of them.
      if (reason !== 'nameless') return planToRenew(facts, verdicts.length > 1, seen);
      return planToReissue({ node, role, where, served: facts['kind'] === 'served', look: '-ext subjectAltName' }, seen);
    }),
  avoid: () => [],
  reading: ['https://go.dev/doc/go1.18#sha1', 'https://go.dev/doc/go1.15#commonname'],
  errors: ['x509: cannot verify signature: insecure algorithm SHA1-RSA', 'x509: certificate relies on legacy Common Name field'],
});

function weaknessesOf(
  { certificate }: Leaf,
  role: string,
  limits: Readonly<Record<'rsa' | 'curve' | 'lifetime', number>>,
): readonly Weakness[] {
  const { key, signature = '' } = certificate;
  const least = key?.type === 'EC' ? limits.curve : limits.rsa;
  const found: Weakness[] = [];
  if (key?.bits !== undefined && key.bits < least)
    found.push({ reason: 'key', words: say('a key of {bits} bits, {least} is the least', { bits: key.bits, least }) });
  // Whoever trusts a certificate that signed itself does not look at the signature.
  if (/md5|sha1/i.test(signature) && certificate.issuer !== certificate.subject)
    found.push({ reason: 'signature', words: say('signed by {signature}', { signature }) });
  if (isServerRole(role) && certificate.names.length + certificate.addresses.length === 0)
    found.push({ reason: 'nameless', words: 'it has no alternative names, and its common name counts no more' });
  if (lifetimeOf(certificate) > limits.lifetime * day && !isSelfMade(certificate))
    found.push({ reason: 'long', words: say('made for {days} days', { days: Math.round(lifetimeOf(certificate) / day) }) });
  return found;
}

function describeKey({ key }: CertificateSeen): string {
  return key === undefined ? '' : [key.type, ...(key.bits === undefined ? [] : [key.bits])].join(' ');
}
