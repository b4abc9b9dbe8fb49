// Whose certificates have to bear names that clients ask for?
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { type CertificateEvidence, certificatePlaces, unnamedPlaces } from './certificate.ts';

/** What each API server serves; one subject where nobody knows any. */
export function masterCertificates(seen: Seen<CertificateEvidence>): readonly Subject[] {
  return ofRoles(seen, ['apiserver']);
}

/** What each etcd member serves, to clients and to its peers. */
export function memberCertificates(seen: Seen<CertificateEvidence>): readonly Subject[] {
  return ofRoles(seen, ['etcd-server', 'etcd-peer']);
}

function ofRoles(seen: Seen<CertificateEvidence>, roles: readonly string[]): readonly Subject[] {
  const found = certificatePlaces(seen).filter(({ asked, role }) => asked !== undefined && roles.includes(role));
  return found.length > 0 ? found.map(({ subject }) => subject) : unnamedPlaces(seen);
}
