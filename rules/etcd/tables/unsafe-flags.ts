// Which settings of etcd put its data or its doors at risk? Data, each with where that is written.
import { readGoSwitch } from '../../../src/model/flags.ts';
import { say, type Text } from '../../../src/model/sentence.ts';
import type { Severity } from '../../../src/model/verdict.ts';

export type Danger = 'force-new-cluster' | 'no-fsync' | 'open' | 'reconfig' | 'quota' | 'request-size' | 'snapshots' | 'unchecked';

export interface Setting {
  readonly danger: Danger;
  readonly severity: Severity;
  /** As a person would look for it in the manifest. */
  readonly flag: string;
  readonly words: Text;
  readonly mend: Text;
}

type Flags = ReadonlyMap<string, string>;
type Limits = { readonly quota: number; readonly request: number; readonly snapshots: number };

const isOn = (flags: Flags, name: string): boolean => flags.has(name) && !isOff(flags, name);
const isOff = (flags: Flags, name: string): boolean => readGoSwitch(flags.get(name) ?? 'true') === false;

/** Worst first. Numbers in `limits` are bytes and entries. */
export function dangersIn(flags: Flags, minor: number | undefined, limits: Limits): readonly Setting[] {
  return [...lossOfData(flags), ...openDoors(flags), ...sizes(flags, limits), ...lackOfChecks(flags, minor, limits)];
}

/** etcd server/embed/config.go and server/etcdmain/help.go, "Unsafe feature". */
function lossOfData(flags: Flags): readonly Setting[] {
  const found: Setting[] = [];
  if (isOn(flags, 'force-new-cluster')) {
    const words = 'at each start the member throws the others out of its list and goes on alone';
    found.push({
      danger: 'force-new-cluster',
      severity: 'critical',
      flag: '--force-new-cluster',
      words,
      mend: 'remove --force-new-cluster',
    });
  }
  if (isOn(flags, 'unsafe-no-fsync')) {
    const words = 'a power failure loses what clients were told is written';
    found.push({ danger: 'no-fsync', severity: 'critical', flag: '--unsafe-no-fsync', words, mend: 'remove --unsafe-no-fsync' });
  }
  if (isOff(flags, 'strict-reconfig-check')) {
    const words = 'members can be added and removed even where that costs the quorum';
    found.push({
      danger: 'reconfig',
      severity: 'warning',
      flag: '--strict-reconfig-check=false',
      words,
      mend: 'remove --strict-reconfig-check=false',
    });
  }
  return found;
}

/** https://etcd.io/docs/v3.6/op-guide/security/ */
function openDoors(flags: Flags): readonly Setting[] {
  const doors = [
    ['listen-client-urls', 'client-cert-auth', 'trusted-ca-file', 'whoever reaches the port reads and changes everything, Secrets too'],
    ['listen-peer-urls', 'peer-client-cert-auth', 'peer-trusted-ca-file', 'whoever reaches the port can speak as a member'],
  ] as const;
  return doors.flatMap(([urls, auth, authority, words]): readonly Setting[] => {
    const outside = (flags.get(urls) ?? '').split(',').filter((url) => url !== '' && !/\/\/(127\.|localhost|\[::1\])/.test(url));
    const plain = outside.filter((url) => url.startsWith('http://'));
    if (plain.length > 0)
      return [
        {
          danger: 'open',
          severity: 'critical',
          flag: `--${urls}=${plain.join(',')}`,
          words: say('without TLS: {words}', { words }),
          mend: say('use https:// in --{urls}', { urls }),
        },
      ];
    // Naming an authority switches the check on as well (embed/config.go: ClientAutoTLS, TrustedCAFile).
    const checks = isOn(flags, auth) || (!isOff(flags, auth) && flags.has(authority));
    if (outside.length === 0 || checks) return [];
    return [
      {
        danger: 'open',
        severity: 'critical',
        flag: `--${auth}`,
        words: say('no certificate is asked for: {words}', { words }),
        mend: say('set --{auth}=true and --{authority}', { auth, authority }),
      },
    ];
  });
}

/** etcd server/storage/quota.go; https://etcd.io/docs/v3.6/dev-guide/limit/ */
function sizes(flags: Flags, limits: Limits): readonly Setting[] {
  const found: Setting[] = [];
  const quota = Number(flags.get('quota-backend-bytes') ?? 0);
  const flag = `--quota-backend-bytes=${flags.get('quota-backend-bytes') ?? ''}`;
  if (quota < 0)
    found.push({
      danger: 'quota',
      severity: 'warning',
      flag,
      words: 'no quota at all: the disk is the limit',
      mend: 'set --quota-backend-bytes to 8589934592 or less',
    });
  if (quota > limits.quota)
    found.push({
      danger: 'quota',
      severity: 'warning',
      flag,
      words: 'beyond 8 GiB: starts, snapshots and repairs take very long',
      mend: 'set --quota-backend-bytes to 8589934592 or less',
    });
  const request = flags.get('max-request-bytes');
  if (Number(request ?? 0) > limits.request) {
    const words = 'one request can hold up all others';
    found.push({
      danger: 'request-size',
      severity: 'warning',
      flag: `--max-request-bytes=${request}`,
      words,
      mend: 'set --max-request-bytes to 10485760 or less',
    });
  }
  return found;
}

/** etcd CHANGELOG-3.5 (corruption checks from 3.5.3 on), CHANGELOG-3.6 (feature gates, snapshot count 10000). */
function lackOfChecks(flags: Flags, minor: number | undefined, limits: Limits): readonly Setting[] {
  const found: Setting[] = [];
  const gates = flags.get('feature-gates') ?? '';
  const checked =
    /(InitialCorruptCheck|CompactHashCheck)=true/.test(gates) ||
    ['experimental-initial-corrupt-check', 'experimental-compact-hash-check-enabled'].some((name) => isOn(flags, name));
  if (!checked && minor !== undefined && minor >= 5) {
    const mend = minor >= 6 ? '--feature-gates=InitialCorruptCheck=true' : '--experimental-initial-corrupt-check=true';
    found.push({
      danger: 'unchecked',
      severity: 'info',
      flag: 'no corruption check',
      words: 'wrong data are found by nobody',
      mend: say('set {flag}', { flag: mend }),
    });
  }
  const snapshots = Number(flags.get('snapshot-count') ?? 0);
  if (minor !== undefined && minor >= 6 && snapshots >= limits.snapshots) {
    const words = 'ten times what 3.6 keeps in memory by default';
    found.push({
      danger: 'snapshots',
      severity: 'info',
      flag: `--snapshot-count=${snapshots}`,
      words,
      mend: 'remove --snapshot-count (the default is 10000)',
    });
  }
  return found;
}
