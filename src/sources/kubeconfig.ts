// Which cluster and which user did the operator mean, and is what the kubeconfig says about them usable?
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, join, resolve } from 'node:path';
import { UsageError } from '../model/errors.ts';
import { type ChosenCluster, readCluster } from './kubeconfig-cluster.ts';
import { type Entry, type Merged, readKubeconfigs, textOf } from './kubeconfig-file.ts';
import { type ChosenUser, readUser } from './kubeconfig-user.ts';

/** kubectl's connection flags, as given. */
export interface ConnectionFlags {
  readonly kubeconfig?: string;
  readonly context?: string;
  readonly cluster?: string;
  readonly user?: string;
  readonly server?: string;
  readonly as?: string;
  readonly asGroup?: readonly string[];
  /** Milliseconds; bounds each request to the Kubernetes API. */
  readonly requestTimeoutMs?: number;
}

export interface Chosen {
  readonly path: string;
  readonly context: string;
  readonly cluster: ChosenCluster;
  readonly user: ChosenUser;
}

const serviceAccount = '/var/run/secrets/kubernetes.io/serviceaccount';

/**
 * Finds the kubeconfig with kubectl's precedence (flag, $KUBECONFIG, ~/.kube/config, in-cluster) and picks context,
 * cluster and user, flags first. Runs no plugin and opens no connection.
 * @throws UsageError with one sentence for everything that is wrong with the input.
 */
export function chooseCluster(connection: ConnectionFlags, env: NodeJS.ProcessEnv = process.env): Chosen {
  if (connection.asGroup?.length && !connection.as) throw new UsageError('--as-group needs --as.');
  const merged = findKubeconfig(connection, env);
  if (merged.files.length === 0) return inCluster(connection, env) ?? failWithout(connection, env);
  const context = pickContext(merged, connection);
  const clusterName = connection.cluster ?? (context && textOf(context.fields, 'cluster'));
  const userName = connection.user ?? (context && textOf(context.fields, 'user'));
  const cluster = pick(merged.clusters, clusterName, 'cluster', merged);
  const user = userName === undefined ? undefined : pick(merged.users, userName, 'user', merged);
  return {
    path: context?.file ?? cluster.file,
    context: context?.name ?? '',
    cluster: readCluster(cluster, connection, env),
    user: readUser(user, connection),
  };
}

function findKubeconfig(connection: ConnectionFlags, env: NodeJS.ProcessEnv): Merged {
  if (connection.kubeconfig) return readKubeconfigs([resolve(connection.kubeconfig)], 'an error');
  const listed = (env.KUBECONFIG ?? '').split(delimiter).filter(Boolean);
  if (listed.length > 0)
    return readKubeconfigs(
      listed.map((file) => resolve(file)),
      'allowed',
    );
  return readKubeconfigs([join(env.HOME || homedir(), '.kube', 'config')], 'allowed');
}

function failWithout(connection: ConnectionFlags, env: NodeJS.ProcessEnv): never {
  const place = env.KUBECONFIG
    ? `no file that $KUBECONFIG names (${env.KUBECONFIG}) exists`
    : '~/.kube/config does not exist and $KUBECONFIG is not set';
  const admin = '/etc/kubernetes/admin.conf';
  const hint = existsSync(admin) ? ` On this machine there is ${admin}: use --kubeconfig ${admin}.` : '';
  throw new UsageError(`There is no kubeconfig: ${connection.kubeconfig ?? place}.${hint}`);
}

function pickContext(merged: Merged, connection: ConnectionFlags): Entry | undefined {
  const name = connection.context ?? merged.currentContext;
  if (name === undefined) {
    if (connection.cluster) return undefined;
    throw new UsageError(
      `The kubeconfig ${merged.files.join(', ')} has no current context; choose one with --context: ${known(merged.contexts)}.`,
    );
  }
  return pick(merged.contexts, name, 'context', merged);
}

function pick(entries: ReadonlyMap<string, Entry>, name: string | undefined, kind: string, merged: Merged): Entry {
  const entry = name === undefined ? undefined : entries.get(name);
  if (entry) return entry;
  throw new UsageError(`There is no ${kind} "${name ?? ''}" in ${merged.files.join(', ')}; known: ${known(entries)}.`);
}

function known(entries: ReadonlyMap<string, Entry>): string {
  return [...entries.keys()].slice(0, 12).join(', ') || 'none';
}

function inCluster(connection: ConnectionFlags, env: NodeJS.ProcessEnv): Chosen | undefined {
  const host = env.KUBERNETES_SERVICE_HOST;
  const tokenFile = join(serviceAccount, 'token');
  if (!host || !existsSync(tokenFile)) return undefined;
  const authority = join(serviceAccount, 'ca.crt');
  const server = connection.server ?? `https://${host.includes(':') ? `[${host}]` : host}:${env.KUBERNETES_SERVICE_PORT ?? '443'}`;
  const fields = { server, ...(existsSync(authority) && { 'certificate-authority': authority }) };
  const entry: Entry = { name: 'in-cluster', fields, file: serviceAccount, folder: serviceAccount };
  const user: Entry = { ...entry, fields: { token: readFileSync(tokenFile, 'utf8').trim() } };
  return { path: serviceAccount, context: 'in-cluster', cluster: readCluster(entry, connection, env), user: readUser(user, connection) };
}
