// How long does it take to judge 1,000 distinct certificates, as a whole process, against Node alone? npm run bench:certificates
import { generateKeyPairSync, sign } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import forge from 'node-forge';
import { compare, report } from './measure.ts';

const binary = process.env['HA_DOCTOR_BINARY'] ?? fileURLToPath(new URL('../bin/ha-doctor.cjs', import.meta.url));
const day = 86_400_000;

/** Every leaf that a machine made by kubeadm has: nine for each of 112 machines. */
const roles = [
  'pki/apiserver',
  'pki/apiserver-etcd-client',
  'pki/apiserver-kubelet-client',
  'pki/front-proxy-client',
  'pki/etcd/server',
  'pki/etcd/peer',
  'pki/etcd/healthcheck-client',
  'kubelet/kubelet-client-current',
  'kubelet/kubelet',
];
const machines = 112;

const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const forgeKey = forge.pki.publicKeyFromPem(publicKey.export({ type: 'spki', format: 'pem' }).toString());

interface Wanted {
  readonly name: string;
  readonly serial: number;
  readonly isAuthority?: true;
}

/** Signed by Node, which takes a hundredth of the time that node-forge would. */
function certificateOf({ name, serial, isAuthority }: Wanted): string {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = forgeKey;
  certificate.serialNumber = `40${serial.toString(16).padStart(6, '0')}`;
  certificate.validity.notBefore = new Date(Date.now() - day);
  certificate.validity.notAfter = new Date(Date.now() + (isAuthority ? 3650 : 100 + (serial % 200)) * day);
  certificate.setSubject([{ name: 'commonName', value: name }]);
  certificate.setIssuer([{ name: 'commonName', value: 'kubernetes' }]);
  certificate.setExtensions([
    { name: 'basicConstraints', cA: isAuthority === true, critical: true },
    { name: 'extKeyUsage', serverAuth: true, clientAuth: true },
    { name: 'subjectAltName', altNames: [{ type: 2, value: `${name}.example.org` }] },
  ]);
  // The parts that `sign` fills in; their types are not declared.
  const open = certificate as unknown as Record<string, unknown> & { siginfo: Record<string, unknown> };
  open['signatureOid'] = open.siginfo['algorithmOid'] = forge.pki.oids['sha256WithRSAEncryption'];
  open['tbsCertificate'] = unsigned(certificate);
  const body = Buffer.from(forge.asn1.toDer(open['tbsCertificate'] as forge.asn1.Asn1).getBytes(), 'binary');
  open['signature'] = sign('sha256', body, privateKey).toString('binary');
  return forge.pki.certificateToPem(certificate);
}

/** node-forge has it and does not declare it. */
const unsigned = (forge.pki as unknown as { getTBSCertificate: (one: forge.pki.Certificate) => forge.asn1.Asn1 }).getTBSCertificate;

/** As --record would have written it after looking into as many folders with --pki-dir. */
function writeRecording(folder: string): number {
  const authority = certificateOf({ name: 'kubernetes', serial: 1, isAuthority: true });
  let serial = 1000;
  const folders = Array.from({ length: machines }, (_, machine) => {
    const leaves = roles.map((role) => ({
      path: `/copies/m${machine}/${role}.crt`,
      blocks: [certificateOf({ name: `m${machine}`, serial: serial++ })],
    }));
    const authorities = ['ca', 'etcd/ca', 'front-proxy-ca'].map((role) => ({
      path: `/copies/m${machine}/pki/${role}.crt`,
      blocks: [authority],
    }));
    return {
      folder: `/copies/m${machine}`,
      node: `m${machine}`,
      certificates: [...authorities, ...leaves],
      keys: [],
      kubeconfigs: [],
      unreadable: [],
    };
  });
  const place = join(folder, 'ha-doctor/raw/here.pki');
  mkdirSync(place, { recursive: true });
  writeFileSync(join(place, 'cluster'), JSON.stringify({ folders }));
  const subject = { kind: 'cluster', id: 'cluster', name: 'cluster', keys: {} };
  const item = { state: 'known', id: 'here.pki', subject, sample: 0, source: 'files', takenAt: Date.now(), raw: 'raw/here.pki/cluster' };
  writeFileSync(join(folder, 'ha-doctor/evidence.json'), JSON.stringify({ schema: 1, startedAt: Date.now(), items: [item] }));
  return machines * roles.length;
}

const folder = mkdtempSync(join(tmpdir(), 'ha-doctor-bench-'));
try {
  const count = writeRecording(folder);
  const node = { name: 'node -e 0', argv: [process.execPath, '-e', '0'] };
  for (const [name, ...flags] of [['certs'], ['diagnose', '--fail-on', 'never']] as const) {
    const ours = { name, argv: [process.execPath, binary, name, '--from', folder, '-o', 'json', ...flags] };
    report(
      `ha-doctor ${name} of ${count} certificates against node -e 0`,
      compare(ours, node, 7),
      name === 'certs' ? 'at most 20' : 'none',
    );
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}
