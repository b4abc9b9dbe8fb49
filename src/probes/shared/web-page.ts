// How is a page of a load balancer's own asked for, with the login in its URL kept out of everything that is written?
import { deadlines, type RawTry } from '../../sources/source.ts';
import type { Surroundings } from '../probe.ts';

/** User and password in the URL become a header. */
export function getPage({ source, signal }: Surroundings, url: URL): Promise<RawTry> {
  const { protocol, hostname, port, pathname, search, username, password } = url;
  const scheme = protocol === 'https:' ? 'https' : 'http';
  const login = `${decodeURIComponent(username)}:${decodeURIComponent(password)}`;
  return source.request({
    scheme,
    host: hostname.replace(/^\[|\]$/g, ''),
    port: port === '' ? (scheme === 'https' ? 443 : 80) : Number(port),
    path: `${pathname}${search}`,
    headers: login === ':' ? {} : { authorization: `Basic ${Buffer.from(login).toString('base64')}` },
    identity: 'none',
    deadlines: deadlines.usual,
    signal,
  });
}
