// How does a test get the package as npm would install it?
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackage } from '../../scripts/build.ts';

/** Builds a copy of what the build needs, packs it with npm, and unpacks that. Gives the folder of the package. */
export async function packPackage(root: string, place: string): Promise<string> {
  const copy = join(place, 'copy');
  mkdirSync(copy);
  for (const name of ['bin', 'docs', 'package.json', 'src/report/report.schema.json'])
    cpSync(join(root, name), join(copy, name), { recursive: true });
  symlinkSync(join(root, 'node_modules'), join(copy, 'node_modules'));
  await buildPackage(copy);
  run('npm', ['pack', '--ignore-scripts', '--silent', '--pack-destination', place], copy);
  const archive = readdirSync(place).find((name) => name.endsWith('.tgz'));
  if (archive === undefined) throw new Error('npm packed nothing');
  run('tar', ['xzf', archive], place);
  return join(place, 'package');
}

function run(command: string, argv: readonly string[], cwd: string): void {
  const { status, stderr } = spawnSync(command, argv, { cwd, encoding: 'utf8' });
  if (status !== 0) throw new Error(`${command} ${argv.join(' ')} failed: ${stderr}`);
}
