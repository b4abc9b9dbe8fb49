// Which functions does a usual run need? They are compiled once, here, and kept as V8's code cache.
const fs = require('node:fs');
const path = require('node:path');

/** A recording of the sources, not of the package: a diagnosis needs most functions, and none of a cluster. */
const recording = path.join(__dirname, '../test/recordings/S04-70s-etcd');

/** Run with the folder of the built package: `node warm.cjs <folder>`. */
async function warm(root) {
  const { load, loaded, cachePath } = require(path.join(root, 'bin/start.cjs'));
  const write = process.stdout.write;
  process.stdout.write = (_text, callback) => {
    if (typeof callback === 'function') callback();
    return true;
  };
  const { main } = load('cli');
  const told = [['--version'], ['--help'], ['diagnose', '--help'], ['rules'], ['explain', 'connection refused']];
  const judged = [['diagnose'], ['diagnose', '-o', 'json'], ['certs', '-o', 'json'], ['etcd']].map((argv) => [
    ...argv,
    '--from',
    recording,
  ]);
  for (const argv of [...told, ...judged]) await main(argv, 'ha-doctor', root);
  process.stdout.write = write;
  for (const [name, { script }] of loaded) fs.writeFileSync(cachePath(name), script.createCachedData());
}

warm(process.argv[2]);
