// Is a stranger's text harmless afterwards, and JSON that is none said in one sentence?
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { checkShape, moment, parseJson, parseJsonKeepingIntegers } from '../../../../src/probes/shared/json.ts';
import { parseCsv } from '../../../../src/probes/shared/csv.ts';
import { keepFamilies, parseMetrics, sumOf } from '../../../../src/probes/shared/metrics.ts';
import { cleanLine, cleanLines } from '../../../../src/probes/shared/text.ts';

describe('cleanLine', () => {
  test.each([
    ['plain', 'plain'],
    ['\u001b[31mred\u001b[0m', 'red'],
    ['\u001b]0;title\u0007x', ']0;titlex'],
    ['a\r\nb\tc', 'a b c'],
    ['a\u0000b\u009bc', 'abc'],
    ['user\u202etxt.exe', 'usertxt.exe'],
  ])('%j -> %j', (text, clean) => {
    expect(cleanLine(text)).toBe(clean);
  });

  test('is bounded, and lines stay lines where they are wanted', () => {
    expect(cleanLine('x'.repeat(5000))).toHaveLength(1001);
    expect(cleanLines('[-]etcd failed\n[+]ping ok\u0007\n')).toBe('[-]etcd failed\n[+]ping ok\n');
    expect(cleanLines('y'.repeat(100_000)).length).toBeLessThan(66_000);
  });
});

describe('JSON', () => {
  test('uint64 survives, small numbers and digits within text stay what they are', () => {
    const text =
      '{"id":18446744073709551615,"n":7,"f":1.5,"s":"id 18446744073709551615 \\"9007199254740993\\"","list":[9007199254740993,-3]}';
    expect(parseJsonKeepingIntegers(text, 'x')).toEqual({
      id: '18446744073709551615',
      n: 7,
      f: 1.5,
      s: 'id 18446744073709551615 "9007199254740993"',
      list: ['9007199254740993', -3],
    });
  });

  test.each([
    ['', 'the list is not JSON: it is empty'],
    ['<html>Bad gateway', 'the list is not JSON: it begins with “<html>Bad gateway”'],
    ['{"a":', 'the list is not JSON: it begins with “{"a":”'],
    ['\u001b[31m{', 'the list is not JSON: it begins with “{”'],
  ])('%j', (text, sentence) => {
    expect(() => parseJson(text, 'the list')).toThrow(sentence);
  });

  test('the first place that does not fit is named', () => {
    expect(() => checkShape(z.object({ a: z.array(z.number()) }), { a: [1, 'x'] }, 'the list')).toThrow(
      'the list has an unexpected shape at a.1',
    );
    expect(() => checkShape(moment, 'yesterday', 'the time')).toThrow('“yesterday” is no time');
  });
});

describe('counters', () => {
  const text = '# HELP a x\na{code="200",verb="GET"} 3\na{code="500",verb="a}\\"b"} 4 1700000000\nab 9\nc 1e400\nd NaN\nbroken{\n';

  test('families are kept whole, values summed by label', () => {
    expect(keepFamilies(text, ['a', 'c']).split('\n')).toHaveLength(3);
    const samples = parseMetrics(text);
    expect(samples.map((one) => one.name)).toEqual(['a', 'a', 'ab']);
    expect(sumOf(samples, 'a')).toBe(7);
    expect(sumOf(samples, 'a', ({ code }) => code === '500')).toBe(4);
    expect(samples[1]?.labels).toEqual({ code: '500', verb: 'a}"b' });
    expect(sumOf(samples, 'nothing')).toBeUndefined();
  });
});

test('a table with quotes, line breaks within them and short rows', () => {
  expect(parseCsv('# a,b\n"x, ""y""\nz",2\n\nonly\n')).toEqual([
    { a: 'x, "y"\nz', b: '2' },
    { a: 'only', b: '' },
  ]);
  expect(parseCsv('')).toEqual([]);
});
