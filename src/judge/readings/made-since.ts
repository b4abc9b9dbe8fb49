// Was the certificate in a file made after a process had been started, so that the process cannot use it yet?
import type { FileSet, KubeconfigFile } from '../../model/here.ts';
import { authoritiesIn } from './certificate-files.ts';
import { describeRole } from './certificate-role.ts';
import { beginOf, endOf, lifetimeOf } from './certificate.ts';
import type { Login } from './stale.ts';

/** Who signs lets a certificate begin so long before he does: kubeadm (CertificateBackdate) and the controller manager's signer. */
const backdate = 300_000;
/** Between making a certificate and writing it, rounded seconds among it. */
const slack = 60_000;
/** How long kubeadm lets a leaf last from when it makes it (CertificateValidity), whenever it begins. */
const year = 365 * 86_400_000;

/**
 * By the certificate's own dates: that its file was written later says nothing, for something else in it may have changed.
 * One that begins with its authority, as kubeadm and k3s have made them, tells by its end.
 */
export function wasMadeSince(startedAt: number, { file }: Login, set: FileSet): 'yes' | 'unknown' {
  const { client, modifiedAt: writtenAt } = file;
  if (client === undefined || writtenAt === undefined) return 'unknown';
  const isBetween = (moment: number): boolean => moment > startedAt && moment <= writtenAt + slack;
  const begin = beginOf(client);
  if (beginnings(file, set).includes(begin)) return isBetween(endOf(client) - usualLife(file, set)) ? 'yes' : 'unknown';
  const signed = begin + backdate;
  const isOfThatWriting = isBetween(signed) && Math.abs(signed - writtenAt) <= slack;
  return isBetween(begin) || isOfThatWriting ? 'yes' : 'unknown';
}

/** Whether every certificate that such a process could have read at its start is over by now. */
export function hasOutlived(startedAt: number, now: number, { file }: Login, set: FileSet): 'yes' | 'unknown' {
  return startedAt + usualLife(file, set) < now ? 'yes' : 'unknown';
}

function beginnings(file: KubeconfigFile, set: FileSet): readonly number[] {
  return [...file.authorities, ...authoritiesIn(set, 'ca').map(({ certificate }) => certificate)].map(beginOf);
}

/** A cluster may give its leaves longer: those beside it that have a beginning of their own tell. */
function usualLife(file: KubeconfigFile, set: FileSet): number {
  const foreign = beginnings(file, set);
  const leaves = set.certificates.filter(({ role }) => describeRole(role).kubeadm !== undefined).map(({ certificate }) => certificate);
  const lives = leaves.filter((one) => !foreign.includes(beginOf(one))).map((one) => lifetimeOf(one) - backdate);
  return Math.max(year, ...lives);
}
