// Which functions does a usual run need? They are compiled once, here, and kept as V8's code cache.
const fs = require('node:fs');
const path = require('node:path');

/** Run inside the built package: `node warm.cjs <folder of the package>`. */
async function warm(root) {
  const { load, loaded, cachePath } = require(path.join(root, 'bin/start.cjs'));
  const write = process.stdout.write;
  process.stdout.write = (_text, callback) => {
    if (typeof callback === 'function') callback();
    return true;
  };
  const { main } = load('cli');
  const usual = [['--version'], ['--help'], ['diagnose', '--help'], ['rules'], ['explain', 'connection refused']];
  for (const argv of usual) await main(argv, 'ha-doctor', root);
  process.stdout.write = write;
  for (const [name, { script }] of loaded) fs.writeFileSync(cachePath(name), script.createCachedData());
}

warm(process.argv[2]);
