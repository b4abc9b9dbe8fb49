// Which lab do the command line's flags ask for?
import { type KeyAlgorithm, keyAlgorithms, type LabPlan } from './topology.ts';
import { labFolder } from './state.ts';
import { releaseFor } from './versions.ts';

export const planFlags = {
  name: { type: 'string', default: 'lab1' },
  masters: { type: 'string', default: '3' },
  workers: { type: 'string', default: '1' },
  'external-etcd': { type: 'boolean', default: false },
  'no-haproxy': { type: 'boolean', default: false },
  'load-balancer': { type: 'string', default: 'haproxy' },
  vip: { type: 'boolean', default: false },
  kubernetes: { type: 'string' },
  'etcd-quota': { type: 'string' },
  keys: { type: 'string' },
  'authority-days': { type: 'string' },
} as const;

export interface PlanFlags {
  readonly name: string;
  readonly masters: string;
  readonly workers: string;
  readonly 'external-etcd': boolean;
  readonly 'no-haproxy': boolean;
  readonly 'load-balancer': string;
  readonly vip: boolean;
  readonly kubernetes?: string | undefined;
  readonly 'etcd-quota'?: string | undefined;
  readonly keys?: string | undefined;
  readonly 'authority-days'?: string | undefined;
}

/** @throws Error with one sentence about the first flag that makes no sense. */
export function planFromFlags(flags: PlanFlags): LabPlan {
  labFolder(flags.name);
  const { 'etcd-quota': quota, 'authority-days': days, keys } = flags;
  return {
    name: flags.name,
    masters: mastersFrom(flags.masters),
    workers: wholeNumber('--workers', flags.workers, 0, 9),
    etcd: flags['external-etcd'] ? 'external' : 'stacked',
    loadBalancer: balancerFrom(flags),
    ...(flags.vip && { vip: true }),
    release: releaseFor(flags.kubernetes),
    ...(keys !== undefined && { keys: keysFrom(keys) }),
    ...(days !== undefined && { authorityDays: wholeNumber('--authority-days', days, 1, 3650) }),
    ...(quota !== undefined && { etcdQuotaBytes: wholeNumber('--etcd-quota', quota, 1 << 20, 2 ** 40) }),
  };
}

function balancerFrom(flags: PlanFlags): LabPlan['loadBalancer'] {
  const named = flags['load-balancer'];
  if (flags['no-haproxy'] && (flags.vip || named !== 'haproxy'))
    throw new Error('--no-haproxy leaves nothing for --vip or --load-balancer');
  if (flags['no-haproxy']) return 'none';
  if (named === 'haproxy' || named === 'nginx' || named === 'envoy') return named;
  throw new Error(`--load-balancer is haproxy, nginx or envoy, not '${named}'`);
}

function keysFrom(text: string): KeyAlgorithm {
  const found = keyAlgorithms.find((one) => one === text);
  if (found === undefined) throw new Error(`--keys is one of ${keyAlgorithms.join(', ')}, not '${text}'`);
  return found;
}

function mastersFrom(text: string): 1 | 3 | 5 {
  if (text === '1') return 1;
  if (text === '3') return 3;
  if (text === '5') return 5;
  throw new Error(`--masters is 1, 3 or 5, not '${text}'`);
}

function wholeNumber(flag: string, text: string, least: number, most: number): number {
  const number = Number(text);
  if (Number.isInteger(number) && number >= least && number <= most) return number;
  throw new Error(`${flag} is a whole number from ${least} to ${most}, not '${text}'`);
}
