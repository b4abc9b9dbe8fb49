// What does an error of the network or of TLS mean to someone who looks for a broken control plane?
import type { FailureClass } from '../model/network.ts';
import { GapError, type RawTry } from './source.ts';

export type RawFailure = NonNullable<RawTry['failure']>;

/** How far a try had come when it failed. */
export type Phase = 'connect' | 'tls' | 'http';

/** Alert descriptions of RFC 8446 section 6 as OpenSSL spells them in error codes. */
const alertNumbers: Readonly<Record<string, number>> = {
  CLOSE_NOTIFY: 0,
  UNEXPECTED_MESSAGE: 10,
  BAD_RECORD_MAC: 20,
  RECORD_OVERFLOW: 22,
  HANDSHAKE_FAILURE: 40,
  NO_CERTIFICATE: 41,
  BAD_CERTIFICATE: 42,
  UNSUPPORTED_CERTIFICATE: 43,
  CERTIFICATE_REVOKED: 44,
  CERTIFICATE_EXPIRED: 45,
  CERTIFICATE_UNKNOWN: 46,
  ILLEGAL_PARAMETER: 47,
  UNKNOWN_CA: 48,
  ACCESS_DENIED: 49,
  DECODE_ERROR: 50,
  DECRYPT_ERROR: 51,
  PROTOCOL_VERSION: 70,
  INSUFFICIENT_SECURITY: 71,
  INTERNAL_ERROR: 80,
  INAPPROPRIATE_FALLBACK: 86,
  USER_CANCELLED: 90,
  MISSING_EXTENSION: 109,
  UNSUPPORTED_EXTENSION: 110,
  UNRECOGNIZED_NAME: 112,
  BAD_CERTIFICATE_STATUS_RESPONSE: 113,
  UNKNOWN_PSK_IDENTITY: 115,
  CERTIFICATE_REQUIRED: 116,
  NO_APPLICATION_PROTOCOL: 120,
};

const plainCodes: Readonly<Record<string, FailureClass>> = {
  ECONNREFUSED: 'refused',
  ECONNRESET: 'reset',
  EPIPE: 'reset',
  ECONNABORTED: 'reset',
  ETIMEDOUT: 'timeout',
  EHOSTUNREACH: 'unreachable',
  ENETUNREACH: 'unreachable',
  EHOSTDOWN: 'unreachable',
  ENETDOWN: 'unreachable',
  EINVAL: 'unreachable',
  ENOTFOUND: 'dns',
  EAI_AGAIN: 'dns',
  EAI_FAIL: 'dns',
  EAI_NODATA: 'dns',
  ENODATA: 'dns',
  ESERVFAIL: 'dns',
};

/** What OpenSSL says when the first bytes of the other side are no TLS record. */
const notTls =
  /WRONG_VERSION_NUMBER|UNKNOWN_PROTOCOL|HTTP_REQUEST|HTTPS_PROXY_REQUEST|PACKET_LENGTH_TOO_LONG|BAD_RECORD_TYPE|UNEXPECTED_RECORD/;

const exhausted: ReadonlySet<string> = new Set(['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL']);
const forbidden: ReadonlySet<string> = new Set(['EPERM', 'EACCES']);

interface Details {
  readonly code: string;
  readonly message: string;
}

function detailsOf(error: unknown): Details {
  if (!(error instanceof Error)) return { code: '', message: String(error) };
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return { code, message: error.message };
}

/** The number of the alert that the peer sent, or undefined when the error is none. */
export function alertNumber(error: unknown): number | undefined {
  const { code, message } = detailsOf(error);
  const spoken = /SSL alert number (\d{1,3})/.exec(message)?.[1];
  if (spoken !== undefined) return Number(spoken);
  const named = /ALERT_([A-Z_]+)$/.exec(code)?.[1] ?? /^ERR_SSL_TLSV1_(UNRECOGNIZED_NAME|UNSUPPORTED_EXTENSION)$/.exec(code)?.[1];
  return named === undefined ? undefined : alertNumbers[named];
}

function alertName(number: number): string {
  const entry = Object.entries(alertNumbers).find(([, value]) => value === number);
  return entry ? entry[0].toLowerCase().replaceAll('_', ' ') : 'unknown';
}

/** It is this machine that stands in the way: nothing was learnt about the other side. */
export class OwnLimit extends GapError {}

/** What this machine's own limits and rules say about us; undefined for everything that tells of the other side. */
export function ownLimit(error: unknown, address: string): OwnLimit | undefined {
  const { code } = detailsOf(error);
  if (exhausted.has(code))
    return new OwnLimit({
      gap: 'failed',
      detail: `This machine ran out of sockets before ${address} could be asked (${code}).`,
      howToGet: 'ulimit -n; ss -s',
    });
  if (forbidden.has(code))
    return new OwnLimit({
      gap: 'denied',
      detail: `This machine forbids the connection to ${address} (${code}).`,
      howToGet: 'run it from a machine whose own firewall lets it through',
    });
  return undefined;
}

/** Turns an error into its class and one sentence about `address`. */
export function failureOf(error: unknown, phase: Phase, address: string): RawFailure {
  const { code, message } = detailsOf(error);
  const alert = alertNumber(error);
  if (alert !== undefined) {
    return { why: 'tls', alert, detail: `${address} ended TLS with alert ${alert} (${alertName(alert)})` };
  }
  if (notTls.test(code)) return { why: 'protocol', detail: `${address} answers, but not in TLS` };
  if (code.startsWith('HPE_')) return { why: 'protocol', detail: `${address} answers, but not in HTTP` };
  // Node reports an orderly end of the stream with the code of a reset, but without a system call.
  if (code === 'ECONNRESET' && !(error instanceof Error && 'syscall' in error)) {
    const when = phase === 'tls' ? 'before TLS was established' : 'before it answered';
    return { why: 'closed', detail: `${address} closed the connection ${when}` };
  }
  const why = plainCodes[code];
  if (why !== undefined) return { why, detail: plainSentence(why, phase, address, code) };
  if (/SSL|TLS/.test(code)) return { why: 'tls', detail: `TLS with ${address} failed: ${code}` };
  return { why: 'protocol', detail: `${address}: ${code || message.slice(0, 200)}` };
}

function plainSentence(why: FailureClass, phase: Phase, address: string, code: string): string {
  const during = { connect: 'while connecting', tls: 'during the TLS handshake', http: 'before it answered' }[phase];
  switch (why) {
    case 'refused':
      return `${address} refused the connection`;
    case 'reset':
      return `${address} reset the connection ${during}`;
    case 'dns':
      return `the name ${address} cannot be resolved (${code})`;
    case 'unreachable':
      return `no route to ${address} (${code})`;
    default:
      return `${address} gave no answer ${during} (${code})`;
  }
}
