// Replays recordings of scenarios with the rules as they are now, and prints their scores: tsx test/scenarios/rescore.ts [FOLDER]
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { replayRecording } from './replay.ts';

const folder = process.argv[2] ?? 'test/recordings';
let failed = 0;
const names = readdirSync(folder).filter((name) => existsSync(join(folder, name, 'truth.json')));
for (const name of names.sort()) {
  const { score } = await replayRecording(join(folder, name));
  if (score.points < 5) failed += 1;
  const trouble = [
    ...score.missingFolds.map((one) => `not folded: ${one}`),
    ...score.forbidden.map((one) => `forbidden: ${one}`),
    ...score.notUnknown.map((one) => `passed instead of unknown: ${one}`),
  ];
  process.stdout.write(`${name.padEnd(22)} ${score.points}/5  root: ${score.root}  ${score.rankOne}\n`);
  for (const line of trouble) process.stdout.write(`${' '.repeat(28)}${line}\n`);
}
process.exitCode = failed === 0 ? 0 : 1;
