// Which certificates does the control plane live by, until when, and who has to be started anew after a renewal?
import type { CertificateSeen } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import { say, type Word } from '../../model/sentence.ts';
import type { Row, TableView } from '../../model/table.ts';
import { describeDuration, describeMoment } from '../../model/time.ts';
import { authoritiesSeen, missingAuthorities } from '../readings/authorities.ts';
import { beginOf, certificatePlaces, endOf, type Place } from '../readings/certificate.ts';
import { fileSets } from '../readings/certificate-files.ts';
import { describeRole, nameOfAuthority } from '../readings/certificate-role.ts';
import { type ServerNow, serverNow } from '../readings/host-clock.ts';
import { kubeletUnit } from '../readings/kubelet-home.ts';
import { kubeconfigsIn, readerOf } from '../readings/kubeconfig-files.ts';

const columns = [
  { key: 'machine', head: 'MACHINE' },
  { key: 'role', head: 'ROLE' },
  { key: 'ends', head: 'ENDS' },
  { key: 'left', head: 'LEFT' },
  { key: 'days', head: 'DAYS' },
  { key: 'issuer', head: 'ISSUER' },
  { key: 'made', head: 'KEY, SIGNATURE' },
  { key: 'serial', head: 'SERIAL' },
  { key: 'seen', head: 'SEEN AT' },
  { key: 'restart', head: 'RESTART AFTER RENEWAL' },
] as const;

const stacks = [
  ['machine', 'role'],
  ['ends', 'left'],
  ['issuer', 'made'],
  ['seen', 'restart'],
] as const;

const day = 86_400_000;
/** A line each; what is more is only counted. */
const mostNotes = 10;

/** One certificate, wherever on a machine it was seen. */
interface Entry {
  readonly machine: string;
  readonly role: string;
  readonly certificate?: CertificateSeen;
  readonly where: readonly string[];
  readonly restart?: Word;
}

export function viewCertificates(seen: Seen): TableView {
  const now = serverNow(seen);
  const entries = [
    ...certificatePlaces(seen).flatMap((place) => entriesAt(seen, place)),
    ...ofKubeconfigs(seen),
    ...ofAuthorities(seen),
    ...ofOperator(seen),
  ];
  const sorted = [...entries].sort((one, other) => endsAt(one) - endsAt(other) || (keyOf(one) < keyOf(other) ? -1 : 1));
  return { title: titleOf(entries, now), columns, stacks, rows: sorted.map((entry) => rowOf(entry, now)), notes: notesOf(seen, entries) };
}

function rowOf({ machine, role, certificate, where, restart }: Entry, now: ServerNow): Row {
  const base = { machine, role, seen: where.join('\n'), restart };
  if (certificate === undefined) return base;
  const { key, signature, issuer, serial } = certificate;
  const kind = key === undefined ? undefined : [key.type, ...(key.bits === undefined ? [] : [key.bits])].join(' ');
  return {
    ...base,
    ends: `${describeMoment(certificate.notAfter).slice(0, 16)}Z`,
    left: leftOf(certificate, now),
    days: Math.trunc((endOf(certificate) - now.low) / day),
    issuer,
    made: kind === undefined ? undefined : `${kind}, ${shortOf(signature)}`,
    serial,
  };
}

/** `sha256` of sha256WithRSAEncryption and of ecdsa-with-SHA256: the kind of key stands beside it. */
function shortOf(signature = '?'): string {
  return /sha\d+|md5/i.exec(signature)?.[0].toLowerCase() ?? signature;
}

function leftOf(certificate: CertificateSeen, now: ServerNow): Word {
  const left = endOf(certificate) - now.low;
  if (left < 0) return say('ended {time} ago', { time: describeDuration(-left) });
  return beginOf(certificate) > now.high
    ? say('begins in {time}', { time: describeDuration(beginOf(certificate) - now.high) })
    : describeDuration(left);
}

/** What a machine serves and what lies in its file is one entry where it is the same certificate. */
function entriesAt(seen: Seen, { subject, role, leaves, asked }: Place): readonly Entry[] {
  const machine = subject.name;
  const restart = restartAfter(seen, machine, role);
  const served = leaves.some((leaf) => leaf.served);
  const unseen: readonly Entry[] = asked !== undefined && !served ? [{ machine, role, where: [asked.address], restart }] : [];
  const digests = [...new Set(leaves.map(({ certificate }) => certificate.sha256))];
  const found = digests.flatMap((sha256): readonly Entry[] => {
    const same = leaves.filter(({ certificate }) => certificate.sha256 === sha256);
    return same.slice(0, 1).map(({ certificate }) => ({ machine, role, certificate, where: same.map((leaf) => leaf.where), restart }));
  });
  return [...found, ...unseen];
}

/** What stands in the control plane's own kubeconfigs; a file that only names another one has no certificate itself. */
function ofKubeconfigs(seen: Seen): readonly Entry[] {
  return fileSets(seen).flatMap((set) =>
    kubeconfigsIn(set).flatMap(({ role, path, client }): readonly Entry[] =>
      client === undefined
        ? []
        : [{ machine: set.node, role: `${role}.conf`, certificate: client, where: [path], restart: readerOf(role) ?? 'nobody' }],
    ),
  );
}

function restartAfter(seen: Seen, machine: string, role: string): Word {
  const { kind } = seen.topology.platform;
  if (kind === 'k3s' || kind === 'rke2') return kubeletUnit(seen, machine);
  return describeRole(role).restart ?? 'nobody';
}

function ofAuthorities(seen: Seen): readonly Entry[] {
  return authoritiesSeen(seen).map(({ authority, certificate, where }) => ({
    machine: 'all',
    role: authority,
    certificate,
    where,
    restart: 'everything that holds it',
  }));
}

function ofOperator(seen: Seen): readonly Entry[] {
  const kubeconfig = seen.peek('operator.kubeconfig');
  if (kubeconfig?.state !== 'known' || kubeconfig.value.credential.kind !== 'client-certificate') return [];
  const { path, credential } = kubeconfig.value;
  return [{ machine: 'you', role: 'your kubeconfig', certificate: credential.certificate, where: [path], restart: 'nobody' }];
}

function endsAt({ certificate }: Entry): number {
  return certificate === undefined ? Number.MAX_SAFE_INTEGER : endOf(certificate);
}

function keyOf({ machine, role, where }: Entry): string {
  return `${machine} ${role} ${where[0] ?? ''}`;
}

function titleOf(entries: readonly Entry[], now: ServerNow): Word {
  const certificates = entries.flatMap(({ certificate }) => certificate ?? []);
  if (certificates.length === 0) return 'no certificate could be seen';
  const ended = certificates.filter((one) => endOf(one) < now.low);
  const soon = certificates.filter((one) => endOf(one) >= now.low && endOf(one) - now.low <= 30 * day);
  const facts = { all: certificates.length, ended: ended.length, soon: soon.length, by: now.by };
  const [first] = certificates.filter((one) => endOf(one) >= now.low).sort((one, other) => endOf(one) - endOf(other));
  const next = first === undefined ? '' : describeDuration(endOf(first) - now.low);
  return ended.length + soon.length === 0
    ? say('{all} certificates, the first ends in {next}, by {by}', { ...facts, next })
    : say('{all} certificates: {ended} ended, {soon} end within 30 days, by {by}', facts);
}

function notesOf(seen: Seen, entries: readonly Entry[]): readonly Word[] {
  const notes: Word[] = [];
  const missing = missingAuthorities(seen).map(nameOfAuthority);
  if (missing.length > 0) notes.push(say('Not seen: the authority of {names}', { names: missing.join(', ') }));
  const machines = seen.topology.masters.map((master) => master.subject.name);
  const withFiles = new Set(entries.filter(({ where }) => where.some((one) => one.startsWith('/'))).map(({ machine }) => machine));
  const without = machines.filter((name) => !withFiles.has(name));
  const unreadable = fileSets(seen).flatMap((set) => set.unreadable.map(({ path, why }) => ({ node: set.node, path, why })));
  for (const { node, path, why } of unreadable.slice(0, mostNotes)) notes.push(say('{node} {path}: {why}', { node, path, why }));
  if (unreadable.length > mostNotes) notes.push(say('{count} more files could not be read', { count: unreadable.length - mostNotes }));
  if (without.length > 0)
    notes.push(
      say('Files of {names}: run ha-doctor there, as root, or name copies with --pki-dir <node>=<folder>', { names: without.join(', ') }),
    );
  return notes;
}
