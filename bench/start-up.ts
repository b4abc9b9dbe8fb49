// How long does the built package take to say its version, against Node alone? npm run bench:start-up
import { fileURLToPath } from 'node:url';
import { compare, report } from './measure.ts';

const binary = process.env['HA_DOCTOR_BINARY'] ?? fileURLToPath(new URL('../bin/ha-doctor.cjs', import.meta.url));
const node = { name: 'node -e 0', argv: [process.execPath, '-e', '0'] };

for (const flag of ['--version', '--help']) {
  const ratio = compare({ name: `ha-doctor ${flag}`, argv: [process.execPath, binary, flag] }, node, 15);
  report(`ha-doctor ${flag} against node -e 0`, ratio, flag === '--version' ? 'at most 2.5' : 'none');
}
