// How is it said in what way an API server is of no use to clients?
import type { ApiServerReading } from '../../../src/judge/readings/api-server.ts';
import { say, type Text } from '../../../src/model/sentence.ts';

export const reasons = [
  'refused',
  'timeout',
  'hung',
  'closed',
  'reset',
  'tls',
  'untrusted',
  'forbidden',
  'protocol',
  'dns',
  'unreachable',
  'slow',
  'unsteady',
] as const;

export function reasonOf(reading: ApiServerReading): (typeof reasons)[number] {
  if (reading.kind === 'silent') return reading.why;
  return reading.kind === 'forbidden' ? 'forbidden' : 'untrusted';
}

export function wordsFor(reading: ApiServerReading): Text {
  if (reading.kind === 'forbidden') return '403 to everybody, /readyz included';
  if (reading.kind !== 'silent') return say('answers /readyz {status}, no client trusts it', { status: reading.status });
  const words = { refused: 'connection refused', timeout: 'no answer to a connection', hung: 'accepts a connection, then says nothing' };
  return words[reading.why as 'refused'] ?? reading.detail;
}
