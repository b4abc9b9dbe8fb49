// Do the screens of recorded clusters stay as a person last read them?
import { existsSync, readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { exitCodeFor } from '../../../src/cli/exit-codes.ts';
import { catalogue } from '../../../src/pipeline/catalogue.ts';
import { diagnoseRecorded } from '../../../src/pipeline/diagnose.ts';
import { renderTerminal } from '../../../src/report/terminal.ts';
import { ruleTexts } from '../../../src/report/texts.ts';
import { columnsOf } from '../../../src/report/wrap.ts';

const recordings = fileURLToPath(new URL('../../recordings', import.meta.url));
const names = existsSync(recordings)
  ? readdirSync(recordings).filter((name) => existsSync(join(recordings, name, 'ha-doctor/evidence.json')))
  : [];

const plain = {
  width: 80,
  ascii: true,
  colour: false,
  showPassed: false,
  again: 'kubectl ha-doctor',
  withFlags: false,
  texts: ruleTexts(catalogue.rules),
};

/** A folder below test/recordings is all it takes; `vitest -u` writes its screen, and a person reads the difference. */
describe.skipIf(names.length === 0)('recorded clusters (skipped while there are no recordings)', () => {
  test.each(names)('%s', async (name) => {
    const report = await diagnoseRecorded({ from: join(recordings, name) });
    const screen = renderTerminal(report, { ...plain, exitCode: exitCodeFor(report, 'warning') });
    expect(screen).toMatch(/^[\n\x20-\x7e]*$/);
    const prose = screen.split('\n').filter((line) => !/[/\\]/.test(line));
    expect(prose.filter((line) => columnsOf(line) > plain.width)).toEqual([]);
    await expect(screen).toMatchFileSnapshot(`golden/recorded/${name}.txt`);
  });
});
