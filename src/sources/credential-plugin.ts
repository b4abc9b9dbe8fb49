// Which credential does a kubeconfig's exec plugin hand out, and what if it never answers?
import { randomBytes } from 'node:crypto';
import { spawn } from 'node:child_process';
import { isAbsolute, join } from 'node:path';
import { redact } from '../bundle/redact.ts';
import type { Gap } from '../model/evidence.ts';
import type { ClientCertificate } from './contexts.ts';
import type { ChosenCluster } from './kubeconfig-cluster.ts';
import { type Entry, type Fields, isFields, textOf } from './kubeconfig-file.ts';
import { waitFor } from './limit.ts';
import { GapError } from './source.ts';

/** How long a plugin may take, in milliseconds. kubectl waits for ever. */
export const pluginLimit = 5000;
const outputLimit = 1024 * 1024;

export interface PluginCredential {
  readonly token?: string;
  readonly client?: ClientCertificate;
}

/**
 * Runs the plugin without a terminal, in a process group of its own that is ended as a whole.
 * @throws GapError naming the plugin and what it did.
 */
export async function askPlugin(entry: Entry, exec: Fields, cluster: ChosenCluster, signal: AbortSignal): Promise<PluginCredential> {
  const command = textOf(exec, 'command');
  if (command === undefined) throw gapOf('The user', `"${entry.name}" in ${entry.file} has an exec plugin without a command`, 'failed');
  const name = `The credential plugin ${command}`;
  if (textOf(exec, 'interactiveMode') === 'Always') throw gapOf(name, 'wants a terminal to ask for something', 'denied');
  const version = textOf(exec, 'apiVersion') ?? 'client.authentication.k8s.io/v1';
  const output = await run(name, commandPath(entry, command), exec, environment(exec, cluster, version), signal);
  return readCredential(name, output);
}

function gapOf(name: string, what: string, gap: Gap['gap']): GapError {
  return new GapError({ gap, detail: `${name} ${what}.`, howToGet: 'kubectl auth whoami' });
}

/** A command with a slash is relative to its kubeconfig, one without is looked up in $PATH. */
function commandPath(entry: Entry, command: string): string {
  return command.includes('/') && !isAbsolute(command) ? join(entry.folder, command) : command;
}

function environment(exec: Fields, cluster: ChosenCluster, apiVersion: string): NodeJS.ProcessEnv {
  const added: Record<string, string> = {};
  for (const item of Array.isArray(exec.env) ? (exec.env as readonly unknown[]) : []) {
    const name = isFields(item) ? textOf(item, 'name') : undefined;
    if (isFields(item) && name !== undefined) added[name] = textOf(item, 'value') ?? '';
  }
  const described = exec.provideClusterInfo === true && {
    cluster: {
      server: cluster.url.href.replace(/\/$/, ''),
      ...(cluster.tlsServerName && { 'tls-server-name': cluster.tlsServerName }),
      ...(cluster.insecure && { 'insecure-skip-tls-verify': true }),
      ...(cluster.anchors.length > 0 && { 'certificate-authority-data': Buffer.from(cluster.anchors.join('\n')).toString('base64') }),
    },
  };
  const info = { apiVersion, kind: 'ExecCredential', spec: { interactive: false, ...described } };
  return { ...process.env, ...added, KUBERNETES_EXEC_INFO: JSON.stringify(info) };
}

function run(name: string, command: string, exec: Fields, env: NodeJS.ProcessEnv, signal: AbortSignal): Promise<string> {
  const argv = Array.isArray(exec.args) ? exec.args.map(String) : [];
  return waitFor<string | GapError>({
    milliseconds: pluginLimit,
    signal,
    begin: (settle) => {
      const child = spawn(command, argv, { env, stdio: ['ignore', 'pipe', 'pipe'], detached: true });
      const texts = { out: '', err: '' };
      child.stdout.setEncoding('utf8').on('data', (chunk: string) => (texts.out += texts.out.length < outputLimit ? chunk : ''));
      child.stderr.setEncoding('utf8').on('data', (chunk: string) => (texts.err += texts.err.length < 4096 ? chunk : ''));
      child.once('error', (error) =>
        settle(gapOf(name, 'code' in error && error.code === 'ENOENT' ? 'is not installed here' : 'cannot be started', 'failed')),
      );
      child.once('close', (code) =>
        settle(code === 0 ? texts.out : gapOf(name, `failed with exit code ${code}${complaint(texts.err)}`, 'failed')),
      );
      return () => {
        endGroup(child.pid);
        child.stdout.destroy();
        child.stderr.destroy();
        child.unref();
      };
    },
    late: () => gapOf(name, `did not answer within ${pluginLimit / 1000} s`, 'timeout'),
  }).then((result) => {
    if (result instanceof GapError) throw result;
    return result;
  });
}

/** What a program writes behind such a name is a secret, whatever it looks like. */
const behindName = /([\w-]*(?:token|password|passwd|secret|credential)[\w-]*["']?\s*[:=]\s*)(?!redacted:)("[^"]*"?|'[^']*'?|[^\s,;]+)/gi;

/** The plugin may be a script whose own children keep the pipes open. */
function endGroup(pid: number | undefined): void {
  if (pid === undefined) return;
  try {
    process.kill(-pid, 'SIGKILL');
  } catch {
    // Nobody of the group is left.
  }
}

function complaint(text: string): string {
  const line = text.trim().split('\n')[0] ?? '';
  if (line === '') return '';
  // Cut last: half a secret would no longer look like one.
  const shown = redact(line, randomBytes(16)).replace(behindName, '$1(hidden)');
  return `: ${shown.slice(0, 200).replace(/[^\x20-\x7e]/g, ' ')}`;
}

function readCredential(name: string, output: string): PluginCredential {
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw gapOf(name, 'did not print an ExecCredential', 'failed');
  }
  const status = isFields(answer) && isFields(answer.status) ? answer.status : {};
  const token = textOf(status, 'token');
  const certificate = textOf(status, 'clientCertificateData');
  const key = textOf(status, 'clientKeyData');
  if (token === undefined && (certificate === undefined || key === undefined)) throw gapOf(name, 'printed no credential', 'failed');
  return { ...(token !== undefined && { token }), ...(certificate !== undefined && key !== undefined && { client: { certificate, key } }) };
}
