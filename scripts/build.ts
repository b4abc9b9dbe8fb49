// What is shipped: one file for the command line, one for the work, one for other oclif CLIs, and code caches.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const heavy = /\/cli\/(run-diagnosis|show-catalogue)\.ts$/;

/** Commands import their work when they run; in the build all of it is one file beside theirs. */
const workIsBeside: Plugin = {
  name: 'work-is-beside',
  setup(builder) {
    builder.onResolve({ filter: heavy }, ({ kind }) => (kind === 'dynamic-import' ? { path: './diagnosis.cjs', external: true } : undefined));
  },
};

const shared: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20',
  minifyWhitespace: true,
  minifySyntax: true,
  logLevel: 'warning',
  plugins: [workIsBeside],
};

/** Optional parts of oclif for developing plugins; it goes on without them. */
const external = ['typescript', 'ts-node', 'tsx', 'tsconfig-paths'];

/** Builds into `dist` below the package's folder, which may be a copy of it. */
export async function buildPackage(target: string): Promise<void> {
  const dist = join(target, 'dist');
  rmSync(dist, { recursive: true, force: true });
  mkdirSync(dist, { recursive: true });
  const requireOnly = { format: 'cjs', supported: { 'dynamic-import': false }, external } as const;
  await build({ ...shared, ...requireOnly, entryPoints: ['src/cli/heavy.ts'], outfile: join(dist, 'diagnosis.cjs') });
  await build({ ...shared, format: 'esm', external: ['@oclif/core'], entryPoints: ['bin/plugin.ts'], outfile: join(dist, 'plugin.js') });
  await build({ ...shared, ...requireOnly, entryPoints: ['bin/main.ts'], outfile: join(dist, 'cli.cjs') });
  const warmed = spawnSync(process.execPath, [join(root, 'scripts/warm.cjs'), target], { stdio: 'inherit' });
  if (warmed.status !== 0) throw new Error(`the built program did not run (${warmed.status ?? warmed.signal})`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPackage(root);
