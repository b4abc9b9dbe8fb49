// Do templates say what the facts say, and never hide that a fact is absent?
import { describe, expect, test } from 'vitest';
import { fill, fillLines, placeholders } from '../../../src/explain/template.ts';

describe('fill', () => {
  test('puts facts in place of names', () => {
    expect(fill('{alive} of {voters} voters alive', { alive: 1, voters: '3' })).toBe('1 of 3 voters alive');
  });

  test('leaves a name without a fact where it can be seen', () => {
    expect(fill('down: {members}', {})).toBe('down: {members}');
    expect(fill('{toString} {constructor}', {})).toBe('{toString} {constructor}');
  });

  test('does not fill what a fact itself contains', () => {
    expect(fill('{one} {two}', { one: '{two}', two: 'x' })).toBe('{two} x');
  });

  test('a list stands in a sentence as the names of its rows', () => {
    expect(
      fill('lost: {members}', {
        members: [
          { name: 'm2', port: 1 },
          { name: 'm3', port: 2 },
        ],
      }),
    ).toBe('lost: m2, m3');
  });
});

describe('fillLines', () => {
  const rows = [{ name: 'm1' }, { name: 'm2' }];

  test('each prints a line for every row, with the other facts at hand', () => {
    const lines = fillLines(['each rows: {name}  of {cluster}'], { rows, cluster: 'prod' });
    expect(lines).toEqual([
      { columns: ['m1', 'of prod'], aligned: true },
      { columns: ['m2', 'of prod'], aligned: true },
    ]);
  });

  test('if prints its line only where the fact is there', () => {
    const templates = ['if since: since {since}', 'always'];
    expect(fillLines(templates, {}).map((line) => line.columns)).toEqual([['always']]);
    expect(fillLines(templates, { since: '03:12' }).map((line) => line.columns)).toEqual([['since 03:12'], ['always']]);
  });

  test('keeps the indent and parts columns before facts are filled in', () => {
    expect(fillLines(['   ended {when}  by {clock}'], { when: 'a  b', clock: 'm1' })).toEqual([
      { columns: ['   ended a  b', 'by m1'], aligned: false },
    ]);
  });
});

test('placeholders names what a template needs', () => {
  expect(placeholders('{a} and {b}')).toEqual(['a', 'b']);
  expect(placeholders('each rows: {name} {id}')).toEqual(['rows', 'rows.name', 'rows.id']);
  expect(placeholders('if since: since {since}')).toEqual(['since']);
});
