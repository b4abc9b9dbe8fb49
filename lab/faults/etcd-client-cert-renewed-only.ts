// Fault: a certificate was renewed, and the process that reads it at its start was not started anew.
import { bringBack, renewOnly } from '../certificates.ts';
import { defineFault } from '../fault.ts';

export default defineFault({
  name: 'etcd-client-cert-renewed-only',
  breaks: "one API server's client certificate for etcd: renewed in its file, while the API server runs on with the old one",
  place: 'master',
  parameters: {},
  inject: (lab, target) => renewOnly(lab, target.name, 'apiserver-etcd-client', 'apiserver-etcd-client'),
  heal: (lab, target) => bringBack(lab, target.name, 'apiserver-etcd-client'),
  settles: { seconds: 1, what: 'the file is newer than the process' },
});
