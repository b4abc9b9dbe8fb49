// What does the tool say about every recorded scenario? (That a replay says what the live run said is held by test:lab.)
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { replayRecording } from '../scenarios/replay.ts';
import { scenarios } from '../scenarios/scenarios.ts';

const folder = fileURLToPath(new URL('../recordings/', import.meta.url));
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'truth.json')));

test('every scenario was recorded with the kubeconfig alone, and with an etcd certificate where it has one', () => {
  for (const scenario of scenarios) {
    const recorded = names.filter((name) => name.startsWith(scenario.id));
    expect(
      recorded.some((name) => name.endsWith('kubeconfig')),
      `${scenario.id} with the kubeconfig alone`,
    ).toBe(true);
    if (scenario.kubeconfig !== 'view')
      expect(
        recorded.some((name) => name.endsWith('etcd')),
        `${scenario.id} with etcd`,
      ).toBe(true);
  }
});

describe.each(names)('%s', (name) => {
  test('the root leads, effects are folded, nothing forbidden fails, unknowns are said', async () => {
    const { score } = await replayRecording(join(folder, name));
    expect(score, score.rankOne).toMatchObject({ missingFolds: [], forbidden: [], notUnknown: [], points: 5 });
  });
});
