// Does a port take TCP and speak TLS, and with which certificates, when we bring none?
import { openConnection, type Target } from './connection.ts';
import { abandon } from './dial.ts';
import { failedTry } from './attempt.ts';
import type { Deadlines, RawTry } from './source.ts';

/**
 * TCP, a TLS handshake without a client certificate, and away. A result without `failure` is an open port.
 * A server that shows its chain and then demands a certificate is open as well: it does so with an alert before
 * the handshake ends in TLS 1.2 and after it in 1.3, and the protocol's version must not decide.
 * @throws Stopped when the signal fires first.
 */
export async function knockAt(target: Target, limits: Deadlines, signal: AbortSignal): Promise<RawTry> {
  const sentAt = Date.now();
  const opened = await openConnection(target, limits, signal);
  if (opened.kind === 'open') {
    abandon(opened.socket);
    return { address: opened.address, sentAt, receivedAt: Date.now(), connected: true, chain: opened.chain };
  }
  const tried = failedTry(opened, sentAt);
  if (opened.failure.alert === undefined || opened.chain.length === 0) return tried;
  const { failure: _demanded, ...open } = tried;
  return open;
}
