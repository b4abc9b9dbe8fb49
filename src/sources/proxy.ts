// How is a server reached when the kubeconfig or the environment puts a proxy in between?
import { joinAddress } from '../model/address.ts';
import net from 'node:net';
import tls from 'node:tls';
import { abandon, dial, type Dialled } from './dial.ts';
import { waitFor } from './limit.ts';

export interface ProxyServer {
  readonly scheme: 'http' | 'https' | 'socks5';
  readonly host: string;
  readonly port: number;
  /** Credentials from the URL, decoded; never written anywhere. */
  readonly user?: { readonly name: string; readonly password: string };
}

/** Reads a proxy URL; throws Error with one sentence when it is none that kubectl knows. */
export function parseProxy(text: string): ProxyServer {
  let url: URL;
  try {
    url = new URL(text.includes('://') ? text : `http://${text}`);
  } catch {
    throw new Error('the proxy address is not a URL');
  }
  const scheme = url.protocol.replace(/:$/, '').replace('socks5h', 'socks5');
  if (scheme !== 'http' && scheme !== 'https' && scheme !== 'socks5') throw new Error(`a proxy of type ${scheme} is not supported`);
  const usual = { http: 80, https: 443, socks5: 1080 }[scheme];
  const user = url.username ? { name: decodeURIComponent(url.username), password: decodeURIComponent(url.password) } : undefined;
  return { scheme, host: url.hostname.replace(/^\[|\]$/g, ''), port: url.port ? Number(url.port) : usual, ...(user && { user }) };
}

/** The proxy the environment asks for, by the rules of Go's ProxyFromEnvironment for https URLs. */
export function proxyFromEnvironment(host: string, env: NodeJS.ProcessEnv): ProxyServer | undefined {
  const setting = env.HTTPS_PROXY || env.https_proxy;
  if (!setting || host === 'localhost' || host === '::1' || host.startsWith('127.')) return undefined;
  const exceptions = (env.NO_PROXY ?? env.no_proxy ?? '')
    .split(',')
    .map((entry) => entry.trim().toLowerCase())
    .filter(Boolean);
  return exceptions.some((entry) => excepts(entry, host.toLowerCase())) ? undefined : parseProxy(setting);
}

function excepts(entry: string, host: string): boolean {
  if (entry === '*') return true;
  const [network = '', bits] = entry.split('/');
  if (bits !== undefined) return inNetwork(host, network, Number(bits));
  const name = entry.replace(/:\d+$/, '').replace(/^\*?\./, '');
  return host === name || (!net.isIP(host) && host.endsWith(`.${name}`));
}

function inNetwork(host: string, network: string, bits: number): boolean {
  const family = net.isIP(host);
  if (family === 0 || family !== net.isIP(network)) return false;
  const list = new net.BlockList();
  try {
    list.addSubnet(network, bits, family === 4 ? 'ipv4' : 'ipv6');
  } catch {
    return false;
  }
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}

/** A TCP connection to host:port through the proxy. @throws Stopped */
export async function tunnel(proxy: ProxyServer, host: string, port: number, milliseconds: number, signal: AbortSignal): Promise<Dialled> {
  const end = performance.now() + milliseconds;
  const way = `proxy ${joinAddress(proxy.host, proxy.port)}`;
  const address = joinAddress(host, port);
  const dialled = await dial(proxy.host, proxy.port, milliseconds, signal);
  if (dialled.kind === 'failed') {
    return { ...dialled, address, failure: { ...dialled.failure, detail: `${way}: ${dialled.failure.detail}` } };
  }
  if (signal.aborted) abandon(dialled.socket);
  const socket =
    proxy.scheme === 'https' ? tls.connect({ socket: dialled.socket, servername: net.isIP(proxy.host) ? '' : proxy.host }) : dialled.socket;
  const unreachable = (detail: string): Dialled => ({
    kind: 'failed',
    address,
    failure: { why: 'unreachable', detail: `${way}: ${detail}` },
  });
  return waitFor<Dialled>({
    milliseconds: Math.max(1, end - performance.now()),
    signal,
    begin: (settle) => {
      let open = false;
      const talk = proxy.scheme === 'socks5' ? socksTalk(proxy, host, port) : connectTalk(proxy, address);
      let received = Buffer.alloc(0);
      const onData = (chunk: Buffer): void => {
        received = Buffer.concat([received, chunk]);
        const step = talk.read(received);
        if (step.kind === 'more') return;
        if (step.kind === 'send') {
          received = Buffer.alloc(0);
          socket.write(step.bytes);
          return;
        }
        open = step.kind === 'open';
        settle(step.kind === 'open' ? { kind: 'connected', socket, address } : unreachable(step.detail));
      };
      const onError = (error: Error): void => settle(unreachable(error.message));
      const onEnd = (): void => settle(unreachable('closed the connection'));
      socket.on('data', onData).once('error', onError).once('end', onEnd);
      socket.write(talk.hello);
      return () => {
        socket.off('data', onData).off('error', onError).off('end', onEnd);
        if (open) socket.pause();
        else abandon(socket);
      };
    },
    late: () => unreachable(`no tunnel to ${address} within ${Math.round(milliseconds)} ms`),
  });
}

type Step =
  | { readonly kind: 'more' }
  | { readonly kind: 'send'; readonly bytes: Buffer }
  | { readonly kind: 'open' }
  | { readonly kind: 'no'; readonly detail: string };

interface Talk {
  readonly hello: Buffer;
  readonly read: (received: Buffer) => Step;
}

function connectTalk(proxy: ProxyServer, address: string): Talk {
  const basic = proxy.user && Buffer.from(`${proxy.user.name}:${proxy.user.password}`).toString('base64');
  const lines = [`CONNECT ${address} HTTP/1.1`, `Host: ${address}`, ...(basic ? [`Proxy-Authorization: Basic ${basic}`] : []), '', ''];
  return {
    hello: Buffer.from(lines.join('\r\n')),
    read: (received) => {
      const text = received.toString('latin1');
      if (!text.includes('\r\n\r\n')) return received.length > 65_536 ? { kind: 'no', detail: 'answers without end' } : { kind: 'more' };
      const status = /^HTTP\/1\.[01] (\d{3})/.exec(text)?.[1];
      return status === '200'
        ? { kind: 'open' }
        : { kind: 'no', detail: `refuses a tunnel to ${address} (${status ? `HTTP ${status}` : 'not HTTP'})` };
    },
  };
}

function socksTalk(proxy: ProxyServer, host: string, port: number): Talk {
  const name = Buffer.from(host);
  const where = net.isIPv4(host) ? Buffer.from([1, ...host.split('.').map(Number)]) : Buffer.from([3, name.length, ...name]);
  const request = Buffer.from([5, 1, 0, ...where, port >> 8, port & 255]);
  let stage: 'method' | 'user' | 'connect' = 'method';
  const method = proxy.user ? 2 : 0;
  return {
    hello: Buffer.from([5, 1, method]),
    read: (received) => {
      if (received.length < 2) return { kind: 'more' };
      if (stage === 'connect') {
        if (received.length < 10) return received[1] === 0 ? { kind: 'more' } : { kind: 'no', detail: `SOCKS reply ${received[1]}` };
        return received[1] === 0 ? { kind: 'open' } : { kind: 'no', detail: `SOCKS reply ${received[1]}` };
      }
      if (stage === 'method' && received[1] !== method) return { kind: 'no', detail: 'wants another way to log in' };
      if (stage === 'user' && received[1] !== 0) return { kind: 'no', detail: 'rejects the user' };
      if (stage === 'method' && proxy.user) {
        stage = 'user';
        const [user, password] = [Buffer.from(proxy.user.name), Buffer.from(proxy.user.password)];
        return { kind: 'send', bytes: Buffer.from([1, user.length, ...user, password.length, ...password]) };
      }
      stage = 'connect';
      return { kind: 'send', bytes: request };
    },
  };
}
