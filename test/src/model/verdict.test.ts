// Are verdicts put in the order of their keys?
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { byKey, type Verdict, verdictKey } from '../../../src/model/verdict.ts';

type Keyed = Pick<Verdict, 'rule' | 'subject'>;

const kinds = ['cluster', 'operator', 'lb', 'apiserver', 'node', 'member', 'object', 'file'] as const;
// Rules whose names begin alike, and ids with any sign a hostile cluster may choose.
const rule = fc.constantFrom('cert-weak', 'etcd-member-down', 'etcd-member-duplicate', 'api-readyz-check', 'api-readyz-etcd');
const keyed = fc.record({
  rule,
  subject: fc.record({ kind: fc.constantFrom(...kinds), id: fc.string({ maxLength: 3 }), name: fc.constant(''), keys: fc.constant({}) }),
});

test('as if each key had been written out', () => {
  fc.assert(
    fc.property(keyed, keyed, (one: Keyed, other: Keyed) => {
      const [first, second] = [verdictKey(one), verdictKey(other)];
      expect(byKey(one, other)).toBe(first === second ? 0 : first < second ? -1 : 1);
    }),
    { numRuns: 2000 },
  );
});
