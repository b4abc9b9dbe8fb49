// Why did etcd end, by the last lines of its log?
import type { LogLine } from '../../model/kubernetes.ts';
import type { Seen } from '../../model/rule.ts';
import { type LogEvidence, logsOf, tellingLine } from './container-log.ts';

export const endings = ['wiped', 'removed', 'inconsistent', 'initial-cluster', 'certificate', 'no-space', 'port', 'flag'] as const;
export type Ending = (typeof endings)[number];

/**
 * What etcd says on its way out, in words that it says on no other way. Seen on etcd 3.4 and 3.6; the texts stand in etcd's
 * server/etcdserver/bootstrap.go, corrupt.go, rafthttp/errors.go, server/embed/config.go and raft/log.go.
 */
const signatures: readonly (readonly [Ending, RegExp])[] = [
  ['wiped', /has already been bootstrapped|tocommit\(\d+\) is out of range/],
  ['removed', /permanently removed from the cluster/],
  ['inconsistent', /found data inconsistency with peers|checkInitialHashKV failed/],
  ['no-space', /no space left on device/],
  ['flag', /flag provided but not defined|failed to verify flags|failed to parse|invalid value .* for flag|unrecognized feature gate/],
  [
    'initial-cluster',
    /missing from --initial-advertise-peer-urls|in the initial cluster configuration|member count is unequal|--initial-cluster has /,
  ],
  ['port', /bind: address already in use|bind: cannot assign requested address/],
  [
    'certificate',
    /\.(?:crt|key|pem): (?:no such file|permission denied)|failed to (?:find any PEM|load .*key pair)|private key does not match/,
  ],
];

export interface End {
  readonly reason: Ending | 'unknown';
  /** The line that says so, as a person would quote it. */
  readonly line: string;
  /** Milliseconds since 1970 by the clock of its node. */
  readonly at?: number;
  /** Whether the line gives a reason for an end, not merely an error on the way. */
  readonly final: boolean;
}

/** Undefined where no log of it was read, or it is empty. */
export function endOf(seen: Seen<LogEvidence>, node: string): End | undefined {
  const ends = logsOf(seen, 'etcd', node).flatMap((log) => endIn(log.lines) ?? []);
  return ends.find((one) => one.reason !== 'unknown') ?? ends.find((one) => one.final) ?? ends[0];
}

function endIn(lines: readonly LogLine[]): End | undefined {
  for (const line of lines.filter(({ text }) => !isRoutine(text)).reverse()) {
    const found = signatures.find(([, pattern]) => pattern.test(line.text));
    if (found === undefined) continue;
    const quote = tellingLine([{ text: line.text.replace(/^\{"level":"[a-z]+"/, '{"level":"fatal"') }])?.text ?? line.text;
    const final = found[0] !== 'no-space' || /^\{"level":"(?:fatal|panic)"/.test(line.text);
    return { reason: found[0], line: quote, final, ...(line.at !== undefined && { at: line.at }) };
  }
  const last = tellingLine(lines);
  return last && { reason: 'unknown', line: last.text, final: last.final, ...(last.at !== undefined && { at: last.at }) };
}

/** What etcd tells on its ordinary way, its whole command line at each start among it; in zap's JSON, and before 3.5 in a form of its own. */
function isRoutine(text: string): boolean {
  return /^\{"level":"(?:info|debug)"|^[\d-]+ [\d:.]+ [ID] \| /.test(text);
}
