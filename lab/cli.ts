// What can one do with labs from the command line?
import { parseArgs } from 'node:util';
import { binariesFor, etcdFor, suppliedFolder } from './binaries.ts';
import { imageStoreFor } from './images.ts';
import { openLab } from './lab.ts';
import type { LabHandle } from './handle.ts';
import { runInteractive } from './interactive.ts';
import { ensureLab, restoreLab, saveLab, stopLab } from './lifecycle.ts';
import { describeLab, listFaults, listLabs } from './overview.ts';
import { planFromFlags, planFlags } from './plan-flags.ts';
import { readRecord } from './state.ts';
import { installMissing, labSupport } from './support.ts';
import { removeLab } from './up.ts';
import type { Say } from './up.ts';
import { releaseFor, releases } from './versions.ts';

const help = `A real HA control plane on this machine: kubeadm masters in Linux namespaces behind HAProxy. Needs root.

  lab setup                        install packages, build Kubernetes and etcd (about 6 minutes, once)
  lab up                           bring a lab up and print its kubeconfig
      [--name lab1] [--masters 1|3|5] [--workers 1] [--external-etcd] [--no-haproxy]
      [--load-balancer haproxy|nginx|envoy] [--vip]   (two load balancers lb1, lb2 with keepalived)
      [--kubernetes 1.34] [--etcd-quota <bytes>] [--keys ECDSA-P256] [--authority-days 20]
  lab down [--name lab1]           end a lab and remove everything of it
  lab stop|save|restore [--name lab1]   end its processes | put it aside | bring back what was put aside (up does so once)
  lab inject [--name lab1] <fault> [<target>] [parameter=value …]   break something; without a fault: list them
  lab heal [--name lab1] [<fault> [<target>]]                       mend that, or everything
  lab status [--name lab1]         is it healthy, and where are its credentials
  lab list                         labs on this machine
  lab exec [--name lab1] <node> <command …>     run inside a machine (m1, m2, m3, w1, lb, …)
  lab operator [--name lab1] <command …>        run where the operator stands, KUBECONFIG set
`;

const say = (line: string) => process.stderr.write(`${line}\n`);

/** Splits `--name x` off the front; everything after the first plain word belongs to the command that is run. */
function splitCommand(args: readonly string[]): { name: string; words: string[] } {
  if (args[0] === '--name') return { name: args[1] ?? '', words: args.slice(2) };
  if (args[0]?.startsWith('--name=')) return { name: args[0].slice('--name='.length), words: args.slice(1) };
  return { name: 'lab1', words: [...args] };
}

function parseFlags(args: readonly string[]) {
  return parseArgs({ args: [...args], options: planFlags, allowPositionals: true });
}

function nameFrom(args: readonly string[]): string {
  const { values, positionals } = parseFlags(args);
  return positionals[0] ?? values.name;
}

async function setUp(args: readonly string[]): Promise<void> {
  const release = releaseFor(parseFlags(args).values.kubernetes);
  const support = await labSupport(release);
  if (!support.can) throw new Error(`no lab can run on this machine: ${support.because}`);
  await installMissing(say);
  const binaries = await binariesFor(release, say);
  await imageStoreFor(release, binaries, say);
  // Where the binaries were given, tests take what etcd is installed.
  if (suppliedFolder() === undefined) for (const other of releases) await etcdFor(other, say);
  say(`ready: Kubernetes ${release.kubernetes} and etcd ${release.etcd} in ${binaries}`);
}

async function up(args: readonly string[]): Promise<void> {
  const plan = planFromFlags(parseFlags(args).values);
  const support = await labSupport(plan.release);
  if (!support.can) throw new Error(`no lab can run on this machine: ${support.because}`);
  await installMissing(say, plan);
  const lab = await timed((progress) => ensureLab(plan, progress));
  say("its addresses exist only at the operator's place: lab operator <command>");
  process.stdout.write(`${lab.paths.kubeconfig}\n`);
}

/** Runs a long step with the seconds since its start before each line. */
async function timed(work: (progress: Say) => Promise<LabHandle>): Promise<LabHandle> {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(0);
  const lab = await work((line) => say(`${seconds().padStart(3)} s  ${line}`));
  say(`lab '${lab.name}' is healthy after ${seconds()} s`);
  return lab;
}

async function execute(args: readonly string[], place: 'node' | 'operator'): Promise<number> {
  const { name, words } = splitCommand(args);
  const lab = await openLab(name);
  const [node = '', ...rest] = words;
  return place === 'operator' ? runInteractive(lab, 'operator', words) : runInteractive(lab, lab.node(node).name, rest);
}

async function inject(args: readonly string[]): Promise<void> {
  const { name, words } = splitCommand(args);
  const [fault, ...rest] = words;
  if (fault === undefined) return listFaults((line) => process.stdout.write(`${line}\n`));
  const lab = await openLab(name);
  const target = rest.find((word) => !word.includes('='));
  const parameters = Object.fromEntries(rest.filter((word) => word.includes('=')).map((word) => splitOnce(word)));
  const started = performance.now();
  const injected = await lab.inject(fault, target, parameters);
  const seconds = ((performance.now() - started) / 1000).toFixed(0);
  say(
    `${injected.fault} ${injected.target}: done after ${seconds} s; settled about ${injected.settles.seconds} s from now: ${injected.settles.what}`,
  );
}

function splitOnce(word: string): [string, string] {
  const at = word.indexOf('=');
  return [word.slice(0, at), word.slice(at + 1)];
}

async function heal(args: readonly string[]): Promise<void> {
  const { name, words } = splitCommand(args);
  const lab = await openLab(name);
  await timed(async (progress) => {
    await lab.heal(...words);
    const left = (await readRecord(lab.folder))?.faults ?? [];
    if (left.length > 0) progress(`still broken: ${left.map((one) => `${one.fault} ${one.target}`).join(', ')}`);
    else await lab.waitHealthy(420_000);
    return lab;
  });
}

async function main(argv: readonly string[]): Promise<number> {
  const [command, ...args] = argv;
  switch (command) {
    case 'setup':
      await setUp(args);
      return 0;
    case 'up':
      await up(args);
      return 0;
    case 'down':
      await removeLab(nameFrom(args));
      return 0;
    case 'stop':
      await stopLab(nameFrom(args));
      return 0;
    case 'save':
      say(`saved; etcd was halted for ${(await saveLab(nameFrom(args))).toFixed(1)} s`);
      return 0;
    case 'restore':
      await timed((progress) => restoreLab(nameFrom(args), progress));
      return 0;
    case 'status':
      return describeLab(nameFrom(args), (line) => process.stdout.write(`${line}\n`));
    case 'list':
      await listLabs((line) => process.stdout.write(`${line}\n`));
      return 0;
    case 'inject':
      await inject(args);
      return 0;
    case 'heal':
      await heal(args);
      return 0;
    case 'exec':
      return execute(args, 'node');
    case 'operator':
      return execute(args, 'operator');
    case undefined:
    case 'help':
    case '--help':
      process.stdout.write(help);
      return 0;
    default:
      throw new Error(`'${command}' is no command of the lab; see: lab help`);
  }
}

try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  say(`lab: ${error instanceof Error ? error.message : String(error)}`);
  process.exitCode = 1;
}
