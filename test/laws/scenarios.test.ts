// What does the tool say about every recorded scenario, and does a replay say what the live run said?
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { replayRecording } from '../scenarios/replay.ts';
import { scenarios } from '../scenarios/scenarios.ts';
import type { Report } from '../../src/model/report.ts';

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

  test('the replay is the live run, byte for byte, but for its own run block', async () => {
    const live = JSON.parse(readFileSync(join(folder, name, 'ha-doctor/report.json'), 'utf8')) as Report;
    const { report } = await replayRecording(join(folder, name));
    const { run: _live, ...said } = live;
    const { run: _replay, ...saysNow } = JSON.parse(JSON.stringify(report)) as Report;
    expect(JSON.stringify(saysNow)).toBe(JSON.stringify(said));
  });
});
