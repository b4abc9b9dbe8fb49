// What does an etcd member's answer mean, whichever way it came?
import * as z from 'zod';
import type { Failure } from '../../model/network.ts';
import type { RawTry } from '../../sources/source.ts';
import { decodeFields, type Fields } from './protobuf.ts';
import { failureOf, rawTry } from './raw.ts';
import { cleanLine } from './text.ts';
import { bestTry } from './window.ts';

export const rawMember = z.object({ tries: z.array(rawTry).min(1), grpc: rawTry.exactOptional(), peer: rawTry.exactOptional() });

/** A uint64 as JSON carries it: the gateway as text, the peer port as a number that was kept as text. */
export const uint64 = z
  .union([z.string().regex(/^\d{1,20}$/), z.number().int().nonnegative().max(Number.MAX_SAFE_INTEGER).transform(String)])
  .transform((text) => BigInt.asUintN(64, BigInt(text)));

/** The same where the gateway leaves zero out. */
export const uint64OrZero = uint64.prefault('0');

/** As etcdctl prints ids. */
export function hex(id: bigint): string {
  return id.toString(16);
}

/** @throws Error with one sentence for a size no disk has. */
export function byteCount(value: bigint): number {
  if (value > BigInt(Number.MAX_SAFE_INTEGER)) throw new Error(`a size of ${value} bytes makes no sense`);
  return Number(value);
}

/** The failure of the try that tells most; an answer with the wrong status is one too. */
export function silenceOf(tries: readonly RawTry[]): Failure {
  const best = bestTry(tries);
  const failure = best && failureOf(best);
  if (failure !== undefined) return failure;
  if (best?.answer === undefined) return { kind: 'failed', why: 'closed', detail: 'the connection ended without an answer' };
  return { kind: 'failed', why: 'protocol', detail: `answered ${best.answer.status}: ${errorText(best)}` };
}

const gatewayError = z.object({ error: z.string().exactOptional(), message: z.string().exactOptional() });

/** etcd's words in an error of the gateway or of gRPC, else the beginning of the body. */
export function errorText(one: RawTry): string {
  const said = one.answer?.headers['grpc-message'];
  if (said !== undefined && said !== '') return cleanLine(decodePercent(said), 200);
  const body = one.answer?.body ?? '';
  try {
    const parsed = gatewayError.parse(JSON.parse(body));
    return cleanLine(parsed.error ?? parsed.message ?? body, 200);
  } catch {
    return cleanLine(body, 200);
  }
}

function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** The fields of a successful gRPC answer; undefined when the call did not succeed. @throws Error on a broken message. */
export function messageOf(one: RawTry | undefined): Fields | undefined {
  if (one?.answer?.status !== 200 || one.answer.headers['grpc-status'] !== '0') return undefined;
  return decodeFields(Buffer.from(one.bytes ?? '', 'base64'));
}
