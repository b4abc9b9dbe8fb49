// Which certificate did nobody see, and yet the log of who logs in with it says that it has ended?
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { readApiServer, servesClients } from './api-server.ts';
import { type CertificateEvidence, placeOfSubject } from './certificate.ts';
import { placeOf } from './certificate-places.ts';
import { commandLineOf } from './command-line.ts';
import { type LogEvidence, tellingLineOf } from './container-log.ts';

/** What an API server logs in to etcd with: a network never shows it. */
const role = 'apiserver-etcd-client';

export interface ToldExpired {
  readonly subject: Subject;
  readonly role: typeof role;
  readonly node: string;
  /** Where its machine keeps it. */
  readonly path: string;
  readonly line: string;
}

/** RFC 8446, 6.2: with the alert certificate_expired a server refuses its client's certificate; Go writes it so. */
const refused = /remote error: tls: expired certificate/;

/** API servers that serve nobody, and ended with these words. */
export function toldExpired(seen: Seen<CertificateEvidence | LogEvidence>): readonly ToldExpired[] {
  return seen.topology.masters.flatMap((master): readonly ToldExpired[] => {
    const { node } = master.subject.keys;
    if (node === undefined) return [];
    const subject = placeOf(seen.topology, node, role);
    const line = tellingLineOf(seen, 'kube-apiserver', node)?.text ?? '';
    const serves = seen.attempt(() => servesClients(readApiServer(seen, master))) ?? true;
    if (serves || !refused.test(line) || placeOfSubject(seen, subject) !== undefined) return [];
    const path = commandLineOf(seen, 'kube-apiserver', node)?.flags.get('etcd-certfile') ?? `/etc/kubernetes/pki/${role}.crt`;
    return [{ subject, role, node, path, line }];
  });
}
