// Do broken lines stay inside their width, and do broken commands still mean the same to a shell?
import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { columnsOf, wrapItems, wrapProse } from '../../../src/report/wrap.ts';
import { wrapCommand } from '../../../src/report/wrap-command.ts';

test('wide and combining characters are measured as a terminal shows them', () => {
  expect(columnsOf('etcd 丢失')).toBe(9);
  expect(columnsOf('e\u0301')).toBe(1);
});

test('prose never leaves its width, and loses no word', () => {
  fc.assert(
    fc.property(fc.lorem({ maxCount: 40 }), fc.integer({ min: 12, max: 80 }), (text, width) => {
      const lines = wrapProse(text, width);
      expect(Math.max(...lines.map(columnsOf))).toBeLessThanOrEqual(width);
      expect(lines.join(' ')).toBe(text);
    }),
  );
});

test('a word longer than the line is cut', () => {
  expect(wrapProse('ab cdefgh', 4)).toEqual(['ab', 'cdef', 'gh']);
});

test('items stay whole and keep their separator at the end of a line', () => {
  expect(wrapItems(['restart etcd', 'member remove', 'reboot'], ' · ', 28)).toEqual(['restart etcd ·', 'member remove · reboot']);
});

const commands = [
  'etcdctl --endpoints https://10.89.0.11:2379 snapshot save m1-0312.db',
  "echo 'set server api/m2 state drain' | socat - /run/haproxy/admin.sock && echo done; printf '%s|' a  b",
  'for i in 1 2 3 4 5 6; do echo "ready  $i" | tr a-z A-Z; done; echo $(echo one two | tr o 0) end',
  'printf "%s\\n" --cacert=/etc/kubernetes/pki/etcd/ca.crt --cert=/etc/kubernetes/pki/etcd/server.crt --key=/etc/kubernetes/pki/etcd/server.key',
  'echo openssl s_client -connect 10.89.0.12:6443 | cat   # new within 60 s, and no restart is needed',
  "find /etc -maxdepth 0 -exec echo 'a; b' {} \\; -print | head -1 | tr e E | tr t T | cat",
];

describe('wrapCommand', () => {
  test.each(commands)('%s', (command) => {
    const runnable = command.replace(/^etcdctl/, 'echo').replace('socat -', 'cat; echo');
    const expected = runInShell(runnable);
    expect(expected.status).toBe(0);
    for (const width of [30, 40, 60, 73]) {
      const lines = wrapCommand(runnable, width);
      expect(runInShell(lines.join('\n'))).toEqual(expected);
      const rejoined = lines.join('\n').replace(/ \\\n\s*|\n\s*/g, ' ');
      expect(rejoined.replace(/[ #]+/g, ' ')).toBe(runnable.replace(/[ #]+/g, ' '));
    }
  });

  test('a comment that has no room moves below, and stays a comment', () => {
    expect(wrapCommand('kubeadm certs check-expiration   # others may have ended too', 40)).toEqual([
      'kubeadm certs check-expiration',
      '  # others may have ended too',
    ]);
  });

  test('a flag keeps its value', () => {
    expect(wrapCommand('etcdutl snapshot restore save.db --name m2 --data-dir /var/lib/etcd', 44)).toEqual([
      'etcdutl snapshot restore save.db \\',
      '  --name m2 --data-dir /var/lib/etcd',
    ]);
  });

  test('breaks long commands at an operator first', () => {
    expect(wrapCommand('echo aaaaaaaaaaaaaaa | cat bbbbbbbbbbbbbb', 30)).toEqual(['echo aaaaaaaaaaaaaaa |', '  cat bbbbbbbbbbbbbb']);
  });
});

function runInShell(script: string) {
  const { status, stdout, stderr } = spawnSync('/bin/sh', ['-c', script], { encoding: 'utf8' });
  return { status, stdout, stderr };
}
