// Is a limit of this machine kept apart from what the network says about the other side?
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { failureOf, ownLimit } from '../../../src/sources/failure.ts';

function systemError(code: string): Error {
  return Object.assign(new Error(`connect ${code} 10.0.0.1:6443`), { code, syscall: 'connect' });
}

describe('a limit of this machine', () => {
  test.each(['EMFILE', 'ENFILE', 'ENOBUFS', 'EADDRNOTAVAIL'])('%s: no socket was left', (code) => {
    expect(ownLimit(systemError(code), '10.0.0.1:6443')?.gap).toMatchObject({
      gap: 'failed',
      detail: `This machine ran out of sockets before 10.0.0.1:6443 could be asked (${code}).`,
    });
  });

  test.each(['EPERM', 'EACCES'])('%s: the connection is forbidden here', (code) => {
    expect(ownLimit(systemError(code), '10.0.0.1:6443')?.gap).toMatchObject({
      gap: 'denied',
      detail: `This machine forbids the connection to 10.0.0.1:6443 (${code}).`,
    });
  });

  test.each([
    ['ECONNREFUSED', 'refused'],
    ['EHOSTUNREACH', 'unreachable'],
    ['ENETUNREACH', 'unreachable'],
    ['ECONNRESET', 'reset'],
  ])('%s stays what it says about the other side', (code, why) => {
    expect(ownLimit(systemError(code), '10.0.0.1:6443')).toBeUndefined();
    expect(failureOf(systemError(code), 'connect', '10.0.0.1:6443').why).toBe(why);
  });

  test('of the kernel itself, with every descriptor in use', () => {
    const here = (path: string): string => fileURLToPath(new URL(path, import.meta.url));
    const child = [
      "import { openSync } from 'node:fs';",
      `import { dial } from ${JSON.stringify(here('../../../src/sources/dial.ts'))};`,
      'const outcome = () => dial("127.0.0.1", 1, 1000, new AbortController().signal).then((d) => d.kind === "failed" ? d.failure.why : d.kind, (e) => e.gap?.detail ?? String(e));',
      '(async () => {',
      '  const before = await outcome();',
      '  try { for (;;) openSync("/dev/null"); } catch {}',
      '  const after = await outcome();',
      '  process._rawDebug(JSON.stringify([before, after]));',
      '  process.exit(0);',
      '})();',
    ].join('\n');
    const tsx = here('../../../node_modules/tsx/dist/cli.mjs');
    const script = `ulimit -n 200; exec "$0" "$1" --input-type=module -e "$2" 2>&1`;
    const printed = execFileSync('/bin/sh', ['-c', script, process.execPath, tsx, child], { encoding: 'utf8', timeout: 30_000 });
    expect(printed.trim().split('\n').at(-1)).toBe(
      JSON.stringify(['refused', 'This machine ran out of sockets before 127.0.0.1:1 could be asked (EMFILE).']),
    );
  }, 30_000);
});
