// What is shipped: files that load one another when they are needed, one for other oclif CLIs, and code caches.
import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type BuildOptions, build, type Plugin } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
/** What is imported only when it is needed stands in a file of its own. */
const parts: readonly (readonly [RegExp, string])[] = [
  [/\/cli\/(run-diagnosis|run-view|show-catalogue)\.ts$|^\.\/show-catalogue\.ts$/, './diagnosis.cjs'],
  [/^\.\/command-line\.ts$/, './command-line.cjs'],
  [/\/shared\/signing-request\.ts$/, './signing-request.cjs'],
];

const partsAreBeside: Plugin = {
  name: 'parts-are-beside',
  setup(builder) {
    for (const [filter, path] of parts) {
      builder.onResolve({ filter }, ({ kind }) => (kind === 'dynamic-import' ? { path, external: true } : undefined));
    }
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
  plugins: [partsAreBeside],
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
  const requests = 'src/probes/shared/signing-request.ts';
  await build({ ...shared, ...requireOnly, entryPoints: [requests], outfile: join(dist, 'signing-request.cjs') });
  await build({ ...shared, format: 'esm', external: ['@oclif/core'], entryPoints: ['bin/plugin.ts'], outfile: join(dist, 'plugin.js') });
  await build({ ...shared, ...requireOnly, entryPoints: ['bin/command-line.ts'], outfile: join(dist, 'command-line.cjs') });
  await build({ ...shared, ...requireOnly, entryPoints: ['bin/main.ts'], outfile: join(dist, 'cli.cjs') });
  const warmed = spawnSync(process.execPath, [join(root, 'scripts/warm.cjs'), target], { stdio: 'inherit' });
  if (warmed.status !== 0) throw new Error(`the built program did not run (${warmed.status ?? warmed.signal})`);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildPackage(root);
