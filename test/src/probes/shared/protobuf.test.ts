// Are protobuf messages read to the bit, and broken ones refused?
import { describe, expect, test } from 'vitest';
import { decodeFields, encodeNumber, encodeText, messagesAt, numberAt, textAt, textsAt } from '../../../../src/probes/shared/protobuf.ts';

const max = 2n ** 64n - 1n;

describe('protobuf', () => {
  test.each([0n, 1n, 127n, 128n, 300n, 2n ** 53n + 1n, 2n ** 63n, max])('%s survives', (value) => {
    expect(numberAt(decodeFields(encodeNumber(7, value)), 7)).toBe(value);
  });

  test('fields, repeated ones and messages within', () => {
    const inner = encodeNumber(2, 9n);
    const bytes = Uint8Array.from([...encodeText(2, '3.6.16'), ...encodeText(8, 'a'), ...encodeText(8, 'ä'), 0x0a, inner.length, ...inner]);
    const fields = decodeFields(bytes);
    expect(textAt(fields, 2)).toBe('3.6.16');
    expect(textsAt(fields, 8)).toEqual(['a', 'ä']);
    expect(messagesAt(fields, 1).map((one) => numberAt(one, 2))).toEqual([9n]);
    expect(numberAt(fields, 99)).toBe(0n);
    expect(textAt(fields, 99)).toBe('');
  });

  test('fixed-width fields are stepped over', () => {
    expect(numberAt(decodeFields(Uint8Array.from([0x0d, 1, 2, 3, 4, 0x11, 1, 2, 3, 4, 5, 6, 7, 8, 0x18, 5])), 3)).toBe(5n);
  });

  test.each([
    [[0x80], 'cut short'],
    [[0x08], 'cut short'],
    [[0x0a, 5, 1], 'cut short'],
    [[0x0a, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01], 'cut short'],
    [[0x08, ...Array(11).fill(0xff)], 'more than ten bytes'],
    [[0x0b], 'unknown kind 3'],
    [[0x0d, 1, 2], 'cut short'],
  ])('broken bytes %j: %s', (bytes, sentence) => {
    expect(() => decodeFields(Uint8Array.from(bytes))).toThrow(sentence);
  });

  test('a field of another kind than expected is said', () => {
    expect(() => textAt(decodeFields(encodeNumber(2, 1n)), 2)).toThrow('bare number');
    expect(() => numberAt(decodeFields(encodeText(2, 'x')), 2)).toThrow('no number');
  });
});
