// Certificates with any dates and names, made by openssl as an administrator would.
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Wanted {
  readonly subject?: string;
  /** `DNS:…,IP:…` */
  readonly names?: string;
  /** Milliseconds since 1970. */
  readonly from?: number;
  readonly until?: number;
  readonly isAuthority?: boolean;
}

export interface Issued {
  readonly certificate: string;
  readonly key: string;
  readonly der: string;
  readonly certificatePath: string;
  readonly keyPath: string;
}

const day = 86_400_000;

/** A folder that goes away with the test run. */
export function temporaryFolder(): { readonly path: string; readonly remove: () => void } {
  const path = mkdtempSync(join(tmpdir(), 'ha-doctor-test-'));
  return { path, remove: () => rmSync(path, { recursive: true, force: true }) };
}

export class Authority {
  readonly own: Issued;
  readonly #folder: string;
  #count = 0;

  /** Self-signed, or signed by another authority. */
  constructor(folder: string, wanted: Wanted = {}, parent?: Authority) {
    this.#folder = join(folder, `ca-${randomBytes(6).toString('hex')}`);
    mkdirSync(this.#folder, { recursive: true });
    writeFileSync(join(this.#folder, 'index.txt'), '');
    writeFileSync(join(this.#folder, 'serial'), `${randomBytes(8).toString('hex')}\n`);
    writeFileSync(join(this.#folder, 'index.txt.attr'), 'unique_subject = no\n');
    const asked = { subject: '/CN=kubernetes', isAuthority: true, ...wanted };
    this.own = parent === undefined ? this.#make(asked) : parent.issue(asked);
  }

  issue(wanted: Wanted = {}): Issued {
    return this.#make({ subject: '/CN=kube-apiserver', names: 'IP:127.0.0.1', ...wanted }, this.own);
  }

  #make(wanted: Wanted, signer?: Issued): Issued {
    const base = join(this.#folder, `c${this.#count++}`);
    const [keyPath, requestPath, certificatePath, configPath] = [`${base}.key`, `${base}.csr`, `${base}.crt`, `${base}.cnf`];
    writeFileSync(configPath, configOf(this.#folder, wanted));
    run(['ecparam', '-name', 'prime256v1', '-genkey', '-noout', '-out', keyPath]);
    run(['req', '-new', '-key', keyPath, '-subj', wanted.subject ?? '/CN=x', '-config', configPath, '-out', requestPath]);
    const dates = [
      '-startdate',
      opensslDate(wanted.from ?? Date.now() - day),
      '-enddate',
      opensslDate(wanted.until ?? Date.now() + 365 * day),
    ];
    const by = signer === undefined ? ['-selfsign', '-keyfile', keyPath] : ['-cert', signer.certificatePath, '-keyfile', signer.keyPath];
    run(['ca', '-batch', '-notext', '-config', configPath, '-in', requestPath, '-out', certificatePath, ...dates, ...by]);
    const certificate = readFileSync(certificatePath, 'utf8');
    const der = certificate.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, '');
    return { certificate, key: readFileSync(keyPath, 'utf8'), der, certificatePath, keyPath };
  }
}

function run(argv: readonly string[]): void {
  execFileSync('openssl', argv, { stdio: ['ignore', 'ignore', 'pipe'] });
}

function opensslDate(time: number): string {
  return `${new Date(time).toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`;
}

function configOf(folder: string, wanted: Wanted): string {
  return [
    '[req]\ndistinguished_name = dn\nutf8 = yes\n[dn]',
    `[ca]\ndefault_ca = here\n[here]\nnew_certs_dir = ${folder}\ndatabase = ${join(folder, 'index.txt')}\nserial = ${join(folder, 'serial')}`,
    'default_md = sha256\npolicy = any\nx509_extensions = ext\nunique_subject = no',
    '[any]\ncommonName = optional\norganizationName = optional\n[ext]',
    `basicConstraints = critical, CA:${wanted.isAuthority === true ? 'TRUE' : 'FALSE'}`,
    ...(wanted.names === undefined ? [] : [`subjectAltName = ${wanted.names}`]),
    '',
  ].join('\n');
}
