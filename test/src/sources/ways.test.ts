// In which order are the ways to the API tried, after what became of them before?
import { expect, test } from 'vitest';
import { Ways } from '../../../src/sources/ways.ts';

const order = (ways: Ways): readonly string[] => ways.ordered().map((way) => way.subject);
const entry = 'lb/10.0.0.10:6443';
const master = (number: number): string => `apiserver/10.0.0.1${number}:6443`;

function known(...numbers: readonly number[]): Ways {
  const ways = new Ways('10.0.0.10', 6443);
  for (const number of numbers) ways.add(`10.0.0.1${number}`, 6443);
  return ways;
}

test('the kubeconfig’s address alone is tried three times, fewer times the more masters are known', () => {
  expect(order(known())).toEqual([entry, entry, entry]);
  expect(order(known(1))).toEqual([entry, master(1), entry]);
  expect(order(known(1, 2, 3))).toEqual([entry, master(1), master(2), master(3)]);
});

test('an address counts once', () => {
  expect(order(known(1, 1, 0))).toEqual([entry, master(1), entry]);
});

test('what came to nothing goes to the end, what answered to the front', () => {
  const ways = known(1, 2, 3);
  const [first, second] = ways.ordered();
  if (first === undefined || second === undefined) throw new Error('two ways are known');
  ways.note(first, 'nothing');
  expect(order(ways)).toEqual([master(1), master(2), master(3), entry]);
  ways.note(second, 'answered');
  expect(order(ways)).toEqual([master(1), master(2), master(3), entry]);
  ways.note(first, 'answered');
  expect(order(ways)).toEqual([master(1), entry, master(2), master(3)]);
  ways.note(second, 'nothing');
  expect(order(ways)).toEqual([entry, master(2), master(3), master(1)]);
});

test('a second try at the kubeconfig’s address speaks for the address', () => {
  const ways = known();
  const again = ways.ordered()[1];
  if (again === undefined) throw new Error('it is tried again');
  ways.note(again, 'silence');
  expect(order(ways)).toEqual([entry]);
  ways.note(again, 'answered');
  expect(order(ways)).toEqual([entry, entry, entry]);
});

test('a quick refusal may be one bad server of several behind the address: it is tried again, silence is not', () => {
  const ways = known();
  const [first] = ways.ordered();
  if (first === undefined) throw new Error('it is tried');
  ways.note(first, 'nothing');
  expect(order(ways)).toEqual([entry, entry, entry]);
  ways.note(first, 'silence');
  expect(order(ways)).toEqual([entry]);
});
