// How do flags and environment become the options of a run?
import { accessSync, constants, statSync } from 'node:fs';
import type { Interfaces } from '@oclif/core';
import { UsageError } from '../model/errors.ts';
import type { Connection, RunOptions } from '../pipeline/options.ts';
import type { EtcdCredentials, Settings } from '../probes/settings.ts';
import { parseDuration } from './duration.ts';
import type { diagnoseFlags } from './flags.ts';

export type DiagnoseFlags = Interfaces.InferredFlags<typeof diagnoseFlags>;
/** With what only one command takes. */
type OptionFlags = DiagnoseFlags & { readonly lease?: readonly string[] | undefined };
type Environment = Readonly<Record<string, string | undefined>>;

/** Enough to meet every backend behind a load balancer that spreads evenly. */
const lbConnections = 12;

/** @throws UsageError for what cannot be meant. */
export function readRunOptions(flags: OptionFlags, environment: Environment): Omit<RunOptions, 'interrupt' | 'progress'> {
  return {
    connection: readConnection(flags),
    settings: readSettings(flags, environment),
    timeoutMs: positive(parseDuration(flags.timeout, '--timeout'), '--timeout'),
    ...(flags.only !== undefined && { only: flags.only }),
    ...(flags.record !== undefined && { record: flags.record }),
  };
}

function positive(milliseconds: number, flag: string): number {
  if (milliseconds === 0) throw new UsageError(`${flag} must be longer than nothing`);
  return milliseconds;
}

function readConnection(flags: DiagnoseFlags): Connection {
  const requestTimeoutMs = flags['request-timeout'] === undefined ? 0 : parseDuration(flags['request-timeout'], '--request-timeout');
  return {
    ...(flags.kubeconfig !== undefined && { kubeconfig: flags.kubeconfig }),
    ...(flags.context !== undefined && { context: flags.context }),
    ...(flags.cluster !== undefined && { cluster: flags.cluster }),
    ...(flags.user !== undefined && { user: flags.user }),
    ...(flags.server !== undefined && { server: flags.server }),
    ...(flags.as !== undefined && { as: flags.as }),
    ...(flags['as-group'] !== undefined && { asGroup: flags['as-group'] }),
    ...(requestTimeoutMs > 0 && { requestTimeoutMs }),
  };
}

function readSettings(flags: OptionFlags, environment: Environment): Settings {
  const etcd = readEtcd(flags, environment);
  return {
    masters: splitHosts(flags.masters ?? [], '--masters'),
    ...(etcd !== undefined && { etcd }),
    ...(flags['haproxy-stats'] !== undefined && { haproxyStats: flags['haproxy-stats'] }),
    ...(flags['lb-config'] !== undefined && { lbConfigs: flags['lb-config'].map(readLbConfig) }),
    ...(flags['pki-dir'] !== undefined && { pkiDirs: flags['pki-dir'].map(readPkiDir) }),
    ...(flags['nginx-status'] !== undefined && { nginxStatus: webAddress(flags['nginx-status'], '--nginx-status') }),
    ...(flags['envoy-admin'] !== undefined && { envoyAdmin: webAddress(flags['envoy-admin'], '--envoy-admin') }),
    ...(flags.lease !== undefined && { leases: flags.lease.map(readLeaseName) }),
    portForward: flags['no-port-forward'] ? 'forbidden' : 'allowed',
    exec: flags['allow-exec'] ? 'allowed' : 'forbidden',
    lbConnections,
    deep: flags.deep === true,
  };
}

function readLeaseName(text: string): { readonly namespace: string; readonly name: string } {
  const part = '[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?';
  const [, namespace, name] = new RegExp(`^(${part})/(${part})$`).exec(text) ?? [];
  if (namespace === undefined || name === undefined) throw new UsageError(`--lease: "${text}" is not <namespace>/<name>`);
  return { namespace, name };
}

/** `m1=folder`, where `m1` is a machine's name, or a folder alone. */
function readPkiDir(text: string): { readonly node?: string; readonly path: string } {
  const { node, path } = splitNamed(text);
  if (!statSync(path, { throwIfNoEntry: false })?.isDirectory()) throw new UsageError(`--pki-dir: ${path} is not a folder`);
  return node === undefined ? { path } : { node, path };
}

/** `lb1=path`, where `lb1` can be a machine's name, or a path alone. */
function readLbConfig(text: string): { readonly node?: string; readonly path: string } {
  const { node, path } = splitNamed(text);
  checkReadable(path);
  return node === undefined ? { path } : { node, path };
}

function splitNamed(text: string): { readonly node?: string; readonly path: string } {
  const [, node, path] = /^([A-Za-z0-9][A-Za-z0-9.-]*)=(.+)$/.exec(text) ?? [];
  return node === undefined || path === undefined ? { path: text } : { node, path };
}

function webAddress(text: string, flag: string): string {
  if (!/^https?:\/\//.test(text) || !URL.canParse(text)) throw new UsageError(`${flag}: "${text}" is not an http or https URL`);
  return text;
}

/** Flags go before the environment that etcdctl reads, each on its own. */
function readEtcd(flags: DiagnoseFlags, environment: Environment): EtcdCredentials | undefined {
  const pick = (flag: string | undefined, variable: string): string | undefined => flag ?? (environment[variable] || undefined);
  const authority = pick(flags['etcd-cacert'], 'ETCDCTL_CACERT');
  const certificate = pick(flags['etcd-cert'], 'ETCDCTL_CERT');
  const key = pick(flags['etcd-key'], 'ETCDCTL_KEY');
  const named = flags['etcd-endpoints'] ?? (environment['ETCDCTL_ENDPOINTS'] ? [environment['ETCDCTL_ENDPOINTS']] : []);
  const endpoints = splitHosts(named, '--etcd-endpoints');
  if ((certificate === undefined) !== (key === undefined)) {
    throw new UsageError(
      'an etcd client certificate and its key go together: --etcd-cert and --etcd-key (or ETCDCTL_CERT and ETCDCTL_KEY)',
    );
  }
  for (const file of [authority, certificate, key]) if (file !== undefined) checkReadable(file);
  if (endpoints.length === 0 && authority === undefined && certificate === undefined) return undefined;
  const byFlag = [flags['etcd-cacert'], flags['etcd-cert'], flags['etcd-key'], flags['etcd-endpoints']].some((flag) => flag !== undefined);
  return {
    endpoints,
    ...(authority !== undefined && { authority }),
    ...(certificate !== undefined && { certificate }),
    ...(key !== undefined && { key }),
    from: byFlag ? 'flag' : 'environment',
  };
}

function checkReadable(path: string): void {
  try {
    accessSync(path, constants.R_OK);
  } catch {
    throw new UsageError(`cannot read ${path}`);
  }
  if (!statSync(path).isFile()) throw new UsageError(`${path} is not a file`);
}

/** Comma lists, given once or again; URLs lose what is not host and port. */
function splitHosts(values: readonly string[], flag: string): readonly string[] {
  const hosts = values
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
  return hosts.map((host) => {
    const bare = host.replace(/^https?:\/\//, '').replace(/\/$/, '');
    if (!/^(\[[0-9a-fA-F:.]+\]|[A-Za-z0-9._-]+|[0-9a-fA-F:]+)(:\d{1,5})?$/.test(bare))
      throw new UsageError(`${flag}: "${host}" is not a host or host:port`);
    return bare;
  });
}
