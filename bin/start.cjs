// Which program runs here: the built one with its code cache, or in a source checkout the sources themselves?
const fs = require('node:fs');
const Module = require('node:module');
const path = require('node:path');
const vm = require('node:vm');

const root = path.join(__dirname, '..');
const dist = path.join(root, 'dist');
/** Parts of the program that load one another when they are needed. */
const parts = new Map(['cli', 'command-line', 'diagnosis'].map((name) => [`./${name}.cjs`, name]));
/** Name -> what was loaded; the build takes the code caches from here. */
const loaded = new Map();

/** Ends with the exit code as soon as the output is out, even where a connection is still open. */
async function start(argv) {
  const { main } = await loadMain();
  process.exitCode = await main(argv, process.argv[1], root);
  setTimeout(() => process.exit(), 100).unref();
}

async function loadMain() {
  if (isBuilt()) return load('cli');
  const tsx = await import('tsx/esm/api').catch(() => undefined);
  if (tsx === undefined) {
    console.error('ha-doctor is not built here. In its folder, run: npm install && npm run build');
    process.exit(1);
  }
  tsx.register();
  return import(require('node:url').pathToFileURL(path.join(root, 'bin/main.ts')).href);
}

/** In a checkout the build counts only while no source is newer. */
function isBuilt() {
  const built = fs.statSync(path.join(dist, 'cli.cjs'), { throwIfNoEntry: false });
  if (built === undefined) return false;
  if (!fs.existsSync(path.join(root, 'commands'))) return true;
  return ['package.json', 'bin', 'commands', 'rules', 'src'].every((name) => newestUnder(path.join(root, name)) <= built.mtimeMs);
}

function newestUnder(file) {
  const stat = fs.statSync(file);
  if (!stat.isDirectory()) return stat.mtimeMs;
  return fs.readdirSync(file).reduce((newest, name) => Math.max(newest, newestUnder(path.join(file, name))), 0);
}

/** A built file, compiled from V8's own cache where this version of Node made one; else compiled as usual. */
function load(name) {
  const known = loaded.get(name);
  if (known !== undefined) return known.module.exports;
  const filename = path.join(dist, `${name}.cjs`);
  const source = fs.readFileSync(filename, 'utf8');
  const script = new vm.Script(Module.wrap(source), { filename, cachedData: readCache(name) });
  const module = { exports: {} };
  loaded.set(name, { script, module });
  const plain = Module.createRequire(filename);
  const require = (id) => (parts.has(id) ? load(parts.get(id)) : plain(id));
  script.runInThisContext()(module.exports, require, module, filename, dist);
  return module.exports;
}

function cachePath(name) {
  return path.join(dist, `${name}-${process.version}-${process.arch}.cache`);
}

function readCache(name) {
  try {
    return fs.readFileSync(cachePath(name));
  } catch {
    return undefined;
  }
}

module.exports = { start, load, loaded, cachePath };
