// Can anything a cluster says command the terminal, or hide from its reader?
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { neutralise, toAscii } from '../../../src/report/neutralise.ts';

test.each([
  ['\u001b[2J\u001b[31mred', '\\x1b[2J\\x1b[31mred'],
  ['title\u0007', 'title\\x07'],
  ['csi\u009b31m', 'csi\\x9b31m'],
  ['one\r\ntwo\tthree', 'one two three'],
  ['node\u202egnp.exe', 'node\\u{202e}gnp.exe'],
  ['m\u200b1', 'm\\u{200b}1'],
  ['\ud800', '\\u{d800}'],
  ['\u{e0041}', '\\u{e0041}'],
])('%j becomes visible', (raw, safe) => {
  expect(neutralise(raw)).toBe(safe);
});

test('a second pass changes nothing, and no control character is left', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), (text) => {
      const once = neutralise(text);
      expect(once).not.toMatch(/[\p{Cc}\p{Surrogate}\p{Bidi_Control}]/u);
      expect(neutralise(once)).toBe(once);
    }),
  );
});

test('ASCII keeps the meaning of common signs and marks the rest', () => {
  expect(toAscii('≥ 2 ± 0.9 s → 9A… 中')).toBe('>= 2 +/- 0.9 s -> 9A... ?');
  fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => /^[\0-\x7f]*$/.test(toAscii(text))));
});
