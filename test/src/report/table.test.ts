// Is a table the same however long it is, and drawn in time?
import { expect, test } from 'vitest';
import { renderColumns } from '../../../src/report/table.ts';

test('columns stand below their heads from the first line to the last', () => {
  const rows = Array.from({ length: 1000 }, (_, index) => [`m${index}`, index === 700 ? 'the longest of all' : 'short', `end ${index}`]);
  const lines = renderColumns(['NAME', 'WHAT', 'LAST'], rows).split('\n');
  expect(lines).toHaveLength(1002);
  expect(lines[0]).toBe('NAME  WHAT                LAST');
  expect(lines[1]).toBe('m0    short               end 0');
  expect(lines[701]).toBe('m700  the longest of all  end 700');
  expect(lines[1000]).toBe('m999  short               end 999');
});

test('a cell of a thousand lines takes no time to speak of', () => {
  const paths = Array.from({ length: 1000 }, (_, index) => `/copies/m${index}/pki/ca.crt`).join('\n');
  const lines = renderColumns(
    ['NAME', 'SEEN AT'],
    [
      ['authority', paths],
      ['next', 'here'],
    ],
    60,
    true,
  ).split('\n');
  expect(lines.slice(0, 3)).toEqual(['NAME       SEEN AT', 'authority  /copies/m0/pki/ca.crt', '           /copies/m1/pki/ca.crt']);
  expect(lines.slice(-4)).toEqual(['           /copies/m999/pki/ca.crt', '', 'next       here', '']);
});

test('nothing is cut where the two ways to count columns differ', () => {
  const text = renderColumns(
    ['NAME', 'WHAT'],
    [
      ['⚠️⚠️⚠️', 'one'],
      ['節点一', 'two'],
    ],
  );
  expect(text).toContain('⚠️⚠️⚠️');
  expect(text).not.toContain('…');
});
