// How do messages look on a WebSocket (RFC 6455)?
import { randomBytes } from 'node:crypto';

export type Frame =
  | { readonly kind: 'message'; readonly payload: Buffer }
  | { readonly kind: 'ping'; readonly payload: Buffer }
  | { readonly kind: 'close'; readonly reason: string }
  | { readonly kind: 'broken' };

/** Longest message taken in, in bytes. */
const messageLimit = 16 * 1024 * 1024;

/** A client's frame: final, masked. Opcodes: 2 binary, 8 close, 10 pong. */
export function writeFrame(opcode: number, payload: Buffer): Buffer {
  const mask = randomBytes(4);
  const size = payload.length < 126 ? Buffer.from([0x80 | payload.length]) : sizeField(payload.length);
  const masked = Buffer.from(payload);
  for (let index = 0; index < masked.length; index++) masked[index] = (masked[index] ?? 0) ^ (mask[index % 4] ?? 0);
  return Buffer.concat([Buffer.from([0x80 | opcode]), size, mask, masked]);
}

function sizeField(length: number): Buffer {
  const field = Buffer.alloc(length < 65_536 ? 3 : 9);
  field[0] = 0x80 | (length < 65_536 ? 126 : 127);
  if (length < 65_536) field.writeUInt16BE(length, 1);
  else field.writeBigUInt64BE(BigInt(length), 1);
  return field;
}

/** Puts a server's bytes together into messages, whatever the pieces they arrive in. */
export class FrameReader {
  #bytes: Buffer = Buffer.alloc(0);
  #parts: Buffer[] = [];

  push(chunk: Buffer): Frame[] {
    this.#bytes = this.#bytes.length === 0 ? chunk : Buffer.concat([this.#bytes, chunk]);
    const frames: Frame[] = [];
    for (let frame = this.#next(); frame; frame = this.#next()) {
      if (frame !== 'part') frames.push(frame);
      if (frame !== 'part' && frame.kind === 'broken') this.#bytes = Buffer.alloc(0);
    }
    return frames;
  }

  #next(): Frame | 'part' | undefined {
    const bytes = this.#bytes;
    if (bytes.length < 2) return undefined;
    const [first = 0, second = 0] = bytes;
    const short = second & 0x7f;
    const start = short < 126 ? 2 : short === 126 ? 4 : 10;
    if (bytes.length < start) return undefined;
    const length = short < 126 ? short : short === 126 ? bytes.readUInt16BE(2) : Number(bytes.readBigUInt64BE(2));
    // A server never masks.
    if (second & 0x80 || length > messageLimit) return { kind: 'broken' };
    if (bytes.length < start + length) return undefined;
    const payload = bytes.subarray(start, start + length);
    this.#bytes = bytes.subarray(start + length);
    return this.#interpret(first, payload);
  }

  #interpret(first: number, payload: Buffer): Frame | 'part' {
    const opcode = first & 0x0f;
    if (opcode === 8) return { kind: 'close', reason: payload.subarray(2).toString('utf8') };
    if (opcode === 9) return { kind: 'ping', payload };
    if (opcode === 10) return 'part';
    this.#parts.push(payload);
    if (this.#parts.reduce((sum, part) => sum + part.length, 0) > messageLimit) return { kind: 'broken' };
    if (!(first & 0x80)) return 'part';
    const message = this.#parts.length === 1 ? payload : Buffer.concat(this.#parts);
    this.#parts = [];
    return { kind: 'message', payload: message };
  }
}
