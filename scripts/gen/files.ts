// Which files are generated, which of them are stale, and which have nothing behind them any more?
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));

/** A path below the root and the text it must have. */
export interface Generated {
  readonly path: string;
  readonly text: string;
}

export interface Module {
  /** Below the root, with forward slashes. */
  readonly path: string;
  readonly area: string;
  /** The file's name without its ending. */
  readonly name: string;
}

/** Modules one folder deep that export a default, sorted; folders are the areas. */
export function listModules(folder: string): readonly Module[] {
  const areas = readdirSync(join(root, folder), { withFileTypes: true }).filter((entry) => entry.isDirectory());
  return areas
    .flatMap(({ name: area }) => readdirSync(join(root, folder, area)).map((file) => ({ area, file })))
    .filter(({ file }) => file.endsWith('.ts'))
    .map(({ area, file }) => ({ path: `${folder}/${area}/${file}`, area, name: basename(file, '.ts') }))
    .filter(({ path }) => /^export default /m.test(readFileSync(join(root, path), 'utf8')))
    .sort((one, other) => (one.path < other.path ? -1 : 1));
}

export function readIfThere(path: string): string | undefined {
  const full = join(root, path);
  return existsSync(full) ? readFileSync(full, 'utf8') : undefined;
}

export function isStale(file: Generated): boolean {
  return readIfThere(file.path) !== file.text;
}

export function writeGenerated(file: Generated): void {
  const full = join(root, file.path);
  mkdirSync(dirname(full), { recursive: true });
  writeFileSync(full, file.text);
}

/** Files below a generated folder that nothing asks for any more. */
export function leftovers(folder: string, wanted: readonly Generated[]): readonly string[] {
  if (!existsSync(join(root, folder))) return [];
  const present = readdirSync(join(root, folder), { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
  const paths = present.map((entry) => join(entry.parentPath, entry.name).slice(root.length));
  return paths.filter((path) => !wanted.some((file) => file.path === path));
}

export function remove(path: string): void {
  rmSync(join(root, path));
}
