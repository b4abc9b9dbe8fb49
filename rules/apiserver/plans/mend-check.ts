// What is to be done about a readiness check that fails, and is not about etcd?
import { homeOf, readLog } from '../../../src/judge/readings/component-home.ts';
import { shellWord } from '../../../src/judge/shell-word.ts';
import type { Fix, Seen } from '../../../src/model/rule.ts';

export const checkReasons = ['shutdown', 'encryption', 'starting', 'other'] as const;
export type CheckReason = (typeof checkReasons)[number];

/** By the names of the checks, as /readyz lists them. */
export function reasonOfChecks(names: readonly string[]): CheckReason {
  if (names.some((name) => name.startsWith('kms-provider'))) return 'encryption';
  if (names.includes('shutdown')) return 'shutdown';
  return names.every((name) => name.startsWith('poststarthook/') || name === 'informer-sync' || name === 'autoregister-completion')
    ? 'starting'
    : 'other';
}

export function planToMendCheck(seen: Seen, node: string, address: string, reason: CheckReason): readonly Fix[] {
  const verify = [`curl -sk ${shellWord(`https://${address}/readyz`)}`];
  const logs = readLog(homeOf(seen, 'kube-apiserver', node), { lines: 200, filter: "grep -E 'healthz|readyz|kms'" });
  const look: Fix = { do: 'See which check fails and what it logs', where: node, run: logs, risk: 'none', needs: [], verify };
  if (reason !== 'encryption') return [look];
  return [
    look,
    {
      do: 'Bring the encryption plugin back; its socket is named in --encryption-provider-config',
      where: node,
      run: ['ls -l /var/run/kmsplugin'],
      risk: 'none',
      needs: [{ text: 'the plugin’s key service answers', met: 'unknown' }],
      verify,
    },
  ];
}
