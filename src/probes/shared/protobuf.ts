// Which fields does a protobuf message carry? Enough of the wire format for etcd's answers.

/** uint64 values stay BigInt; messages, strings and packed numbers stay bytes until someone says what they are. */
export type Fields = ReadonlyMap<number, readonly (bigint | Uint8Array)[]>;

/** Wire format: protobuf.dev/programming-guides/encoding. @throws Error with one sentence on bytes that are cut short. */
export function decodeFields(bytes: Uint8Array): Fields {
  const fields = new Map<number, (bigint | Uint8Array)[]>();
  let at = 0;
  const varint = (): bigint => {
    let value = 0n;
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const byte = bytes[at++];
      if (byte === undefined) throw new Error('the protobuf message is cut short');
      value |= BigInt(byte & 0x7f) << shift;
      if (byte < 0x80) return BigInt.asUintN(64, value);
    }
    throw new Error('the protobuf message holds a number of more than ten bytes');
  };
  const take = (length: bigint): Uint8Array => {
    if (length > BigInt(bytes.length - at)) throw new Error('the protobuf message is cut short');
    const part = bytes.subarray(at, at + Number(length));
    at += Number(length);
    return part;
  };
  while (at < bytes.length) {
    const tag = varint();
    const kind = Number(tag & 7n);
    const number = Number(tag >> 3n);
    const values = fields.get(number) ?? [];
    if (kind === 0) values.push(varint());
    else if (kind === 1) values.push(take(8n));
    else if (kind === 2) values.push(take(varint()));
    else if (kind === 5) values.push(take(4n));
    else throw new Error(`the protobuf message holds a field of the unknown kind ${kind}`);
    fields.set(number, values);
  }
  return fields;
}

/** The last value counts; zero where the field was left out, as proto3 says. */
export function numberAt(fields: Fields, field: number): bigint {
  const value = fields.get(field)?.at(-1) ?? 0n;
  if (typeof value !== 'bigint') throw new Error(`field ${field} of the protobuf message is no number`);
  return value;
}

export function textsAt(fields: Fields, field: number): readonly string[] {
  return bytesAt(fields, field).map((bytes) => new TextDecoder().decode(bytes));
}

export function textAt(fields: Fields, field: number): string {
  return textsAt(fields, field).at(-1) ?? '';
}

export function messagesAt(fields: Fields, field: number): readonly Fields[] {
  return bytesAt(fields, field).map(decodeFields);
}

function bytesAt(fields: Fields, field: number): readonly Uint8Array[] {
  return (fields.get(field) ?? []).map((value) => {
    if (typeof value === 'bigint') throw new Error(`field ${field} of the protobuf message is a bare number`);
    return value;
  });
}

/** One field with a number, as a message of its own. */
export function encodeNumber(field: number, value: bigint): Uint8Array {
  return Uint8Array.from([...encodeVarint(BigInt(field) << 3n), ...encodeVarint(value)]);
}

/** One field with text. */
export function encodeText(field: number, text: string): Uint8Array {
  const bytes = new TextEncoder().encode(text);
  return Uint8Array.from([...encodeVarint((BigInt(field) << 3n) | 2n), ...encodeVarint(BigInt(bytes.length)), ...bytes]);
}

function encodeVarint(value: bigint): number[] {
  const bytes: number[] = [];
  for (let rest = BigInt.asUintN(64, value); ; rest >>= 7n) {
    if (rest < 0x80n) return [...bytes, Number(rest)];
    bytes.push(Number(rest & 0x7fn) | 0x80);
  }
}
