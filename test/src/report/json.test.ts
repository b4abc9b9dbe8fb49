// Does the JSON follow the schema that is shipped with it, and is it the same every time?
import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { describe, expect, test } from 'vitest';
import { say } from '../../../src/model/sentence.ts';
import { renderJson, renderValue } from '../../../src/report/json.ts';
import { certificateExpired } from './samples/certificate-expired.ts';
import { healthy, incomplete } from './samples/healthy.ts';
import { quorumLost } from './samples/quorum-lost.ts';

const schema = JSON.parse(readFileSync(new URL('../../../src/report/report.schema.json', import.meta.url), 'utf8'));
const validate = new Ajv2020({ allErrors: true, strict: true, strictRequired: false, allowUnionTypes: true }).compile(schema);

describe.each(Object.entries({ quorumLost, certificateExpired, healthy, incomplete }))('%s', (_name, make) => {
  test('follows the schema', () => {
    validate(JSON.parse(renderJson(make())));
    expect(validate.errors).toBeNull();
  });

  test('does not depend on the order in which the report was put together', () => {
    const shuffled = reverseKeys(make()) as ReturnType<typeof make>;
    expect(renderJson(shuffled)).toBe(renderJson(make()));
  });
});

test.each([
  ['a finding without a cause', (report: Loose) => delete report.findings[0].cause],
  ['an effect without a subject', (report: Loose) => delete report.findings[0].effects[0].subject],
  [
    'an unknown verdict without a gap',
    (report: Loose) => (report.verdicts.find((verdict: Loose) => verdict.status === 'unknown').gaps = []),
  ],
  ['a field nobody described', (report: Loose) => (report.extra = 1)],
  ['a rank of zero', (report: Loose) => (report.findings[0].rank = 0)],
])('the schema refuses %s', (_what, spoil) => {
  const document = JSON.parse(renderJson(quorumLost()));
  spoil(document);
  expect(validate(document)).toBe(false);
});

test('findings lead with rank and cause, and name rule and subject of every effect', () => {
  const document = JSON.parse(renderJson(quorumLost()));
  expect(Object.keys(document)[0]).toBe('schema');
  expect(document.findings[0].cause.rule).toBe('etcd-quorum-lost');
  expect(document.findings[0].effects.map((effect: Loose) => `${effect.rule} ${effect.subject.name}`)).toContain('etcd-member-down m2');
});

test('nothing in it can command a terminal', () => {
  const base = quorumLost();
  const text = renderJson({ ...base, cluster: { ...base.cluster, name: 'a\u001b[2J\u009b2J\u202e\u{e0041}' } });
  expect(text).toMatch(/^[^\u0000-\u0009\u000b-\u001f\u007f-\u009f\u202e\u{e0041}]*$/u);
  expect(JSON.parse(text).cluster.name).toBe('a\u001b[2J\u009b2J\u202e\u{e0041}');
});

// biome-ignore lint/suspicious/noExplicitAny: documents that are made wrong on purpose
type Loose = any;

function reverseKeys(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(reverseKeys);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .reverse()
      .map(([key, inner]) => [key, reverseKeys(inner)]),
  );
}

test('names that are special to JavaScript are names like others, and a sentence is its English', () => {
  const value = JSON.parse('{"b":1,"__proto__":{"z":1,"rule":2},"id":[{"y":1,"name":2}]}');
  value.c = say('{node} is gone', { node: 'm1' });
  value.nothing = undefined;
  expect(renderValue(value).replace(/\s/g, '')).toBe('{"id":[{"name":2,"y":1}],"__proto__":{"rule":2,"z":1},"b":1,"c":"m1isgone"}');
});
