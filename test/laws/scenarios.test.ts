// What does the tool say about every recorded scenario? (That a replay says what the live run said is held by test:lab.)
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { replayRecording } from '../scenarios/replay.ts';
import { scenarios } from '../scenarios/scenarios.ts';

const folder = fileURLToPath(new URL('../recordings/', import.meta.url));
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'truth.json')));

test('every fault was recorded unless it says why not, seen with the kubeconfig alone or with an etcd certificate too', () => {
  const faults = scenarios.filter((one) => one.expect.kind === 'fault' && one.unrecorded === undefined).map((one) => one.id);
  expect(faults.filter((id) => !names.some((name) => name.startsWith(`${id}-`)))).toEqual([]);
});

describe.each(names)('%s', (name) => {
  test('the root leads, effects are folded, nothing forbidden fails, unknowns are said', async () => {
    const { score } = await replayRecording(join(folder, name));
    expect(score, score.rankOne).toMatchObject({ missingFolds: [], forbidden: [], notUnknown: [], points: 5 });
  });
});
