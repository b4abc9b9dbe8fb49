// In which words is a certificate spoken of?
import { say, type Text } from '../../model/sentence.ts';
import type { CertificateSeen } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import type { Facts } from '../../model/verdict.ts';
import { describeDuration, describeMoment } from '../../model/time.ts';
import { type CertificateEvidence, endOf, hasEnded, type Leaf, type Place } from './certificate.ts';
import { describeRole } from './certificate-role.ts';
import type { ServerNow } from './host-clock.ts';

/** @param same all places of the same role, this one among them. */
export function factsOf(seen: Seen<CertificateEvidence>, place: Place, leaf: Leaf, now: ServerNow, same: readonly Place[]): Facts {
  const isBad = (one: Place): boolean => one.leaves.some((each) => hasEnded(each.certificate, now));
  const bad = same.filter(isBad);
  return {
    node: place.subject.name,
    nodes: bad.map((one) => one.subject.name).join(', '),
    verb: `${leaf.served ? 'serve' : 'hold'}${bad.length === 1 ? 's' : ''}`,
    kind: leaf.served ? 'served' : 'file',
    role: place.role,
    name: describeRole(place.role).name,
    where: leaf.where,
    serial: leaf.certificate.serial,
    sha256: shortDigest(leaf.certificate),
    ended: describeMoment(leaf.certificate.notAfter),
    ago: describeDuration(now.low - endOf(leaf.certificate)),
    by: now.by,
    share: place.role === 'apiserver' ? shareOfEntry(seen, bad) : '',
    others: wordsForOthers(same.filter((one) => !isBad(one))),
  };
}

/** What each line about one certificate needs; the plan for its renewal reads these too. */
export function describeLeaf(place: Place, leaf: Leaf) {
  return {
    node: place.subject.name,
    role: place.role,
    name: describeRole(place.role).name,
    kind: leaf.served ? 'served' : 'file',
    where: leaf.where,
    serial: leaf.certificate.serial,
    sha256: shortDigest(leaf.certificate),
  };
}

function wordsForOthers(valid: readonly Place[]): Text {
  const seen = valid.filter((place) => place.leaves.length > 0);
  const [first] = seen.flatMap((place) => place.leaves.slice(0, 1)).sort((one, other) => endOf(one.certificate) - endOf(other.certificate));
  return first === undefined
    ? ''
    : say('{names}: valid, the first until {until}', {
        names: seen.map((place) => place.subject.name).join(', '),
        until: describeMoment(first.certificate.notAfter),
      });
}

/** `9A:41:E0…`, as openssl would begin it. */
function shortDigest(certificate: CertificateSeen): string {
  const bytes = certificate.sha256.toUpperCase().match(/../g) ?? [];
  return `${bytes.slice(0, 4).join(':')}…`;
}

/** `: 4 of 12 connections meet it`; empty where none of the connections through the load balancer did. */
function shareOfEntry(seen: Seen<'lb.tries'>, places: readonly Place[]): Text {
  const item = seen.peek('lb.tries');
  if (item?.state !== 'known') return '';
  const digests = new Set(places.flatMap((place) => place.leaves.map((leaf) => leaf.certificate.sha256)));
  const shown = item.value.tries.flatMap((one) => one.chain[0]?.sha256 ?? []);
  const met = shown.filter((digest) => digests.has(digest)).length;
  return met === 0 ? '' : say(': {met} of {shown} connections meet it', { met, shown: shown.length });
}
