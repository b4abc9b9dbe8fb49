// Who does the operator claim to be, and with which credential?
import { createPrivateKey } from 'node:crypto';
import { UsageError } from '../model/errors.ts';
import { certificatesIn, type ClientCertificate } from './contexts.ts';
import type { ConnectionFlags } from './kubeconfig.ts';
import { type Entry, isFields, parseCertificate, pemOf, readNamed, textOf } from './kubeconfig-file.ts';

export interface Impersonation {
  readonly user: string;
  readonly uid?: string;
  readonly groups: readonly string[];
  readonly extra: Readonly<Record<string, readonly string[]>>;
}

export interface ChosenUser {
  readonly client?: ClientCertificate;
  readonly token?: string;
  readonly basic?: { readonly name: string; readonly password: string };
  /** The entry itself, where `exec` or `auth-provider` has to be asked for a credential. */
  readonly entry?: Entry;
  readonly impersonation?: Impersonation;
}

/** Runs no plugin; an absent entry is a user without a credential. @throws UsageError */
export function readUser(entry: Entry | undefined, connection: ConnectionFlags): ChosenUser {
  const impersonation = readImpersonation(entry, connection);
  if (entry === undefined) return { ...(impersonation && { impersonation }) };
  const { fields } = entry;
  const tokenFile = textOf(fields, 'tokenFile');
  const token = tokenFile ? readNamed(entry, tokenFile, 'tokenFile').trim() : textOf(fields, 'token');
  const name = textOf(fields, 'username');
  const client = readClientCertificate(entry);
  return {
    ...(client && { client }),
    ...(token !== undefined && { token }),
    ...(name !== undefined && { basic: { name, password: textOf(fields, 'password') ?? '' } }),
    ...(isFields(fields.exec) || isFields(fields['auth-provider']) ? { entry } : {}),
    ...(impersonation && { impersonation }),
  };
}

function readClientCertificate(entry: Entry): ClientCertificate | undefined {
  const certificate = pemOf(entry, 'client-certificate');
  const key = pemOf(entry, 'client-key');
  if (certificate === undefined && key === undefined) return undefined;
  if (certificate === undefined || key === undefined) {
    throw new UsageError(
      `The user "${entry.name}" in ${entry.file} has a client ${certificate === undefined ? 'key without certificate' : 'certificate without key'}.`,
    );
  }
  const leaf = parseCertificate(certificatesIn(certificate)[0] ?? '', entry, 'client-certificate');
  let matches = false;
  try {
    matches = leaf.checkPrivateKey(createPrivateKey(key));
  } catch {
    throw new UsageError(`client-key of "${entry.name}" in ${entry.file} is not a private key in PEM.`);
  }
  if (!matches) throw new UsageError(`client-key of "${entry.name}" in ${entry.file} does not belong to its client certificate.`);
  return { certificate, key };
}

function readImpersonation(entry: Entry | undefined, connection: ConnectionFlags): Impersonation | undefined {
  if (connection.as) return { user: connection.as, groups: connection.asGroup ?? [], extra: {} };
  const user = entry && textOf(entry.fields, 'as');
  if (entry === undefined || user === undefined) return undefined;
  const uid = textOf(entry.fields, 'as-uid');
  const extra = isFields(entry.fields['as-user-extra']) ? Object.entries(entry.fields['as-user-extra']) : [];
  return {
    user,
    groups: texts(entry.fields['as-groups']),
    extra: Object.fromEntries(extra.map(([key, value]) => [key, texts(value)])),
    ...(uid !== undefined && { uid }),
  };
}

function texts(value: unknown): string[] {
  return Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : [];
}
