// Which kubeconfigs that cannot be used does the command meet in tests, and what must it say about each?
import { type ConfigParts, kubeconfigText } from '../src/sources/kit/api.ts';
import type { Pair } from '../src/sources/kit/pki.ts';
import { evil } from './bad-servers.ts';

export interface Given {
  /** A certificate that is in order, with its key. */
  readonly own: Pair;
  readonly stranger: Pair;
  /** Stands wherever a secret stands in the file. */
  readonly secret: string;
}

export const base64 = (text: string): string => Buffer.from(text).toString('base64');

const config = (given: Given, parts: Partial<ConfigParts> = {}): string =>
  kubeconfigText({ server: 'https://127.0.0.1:1', user: { token: given.secret }, ...parts });

/** Name, text of the file, and what the one sentence has to name. */
export const badKubeconfigs: readonly (readonly [string, (given: Given) => string, string])[] = [
  ['broken YAML', (given) => `users: [{name: u, user: {token: ${given.secret}}\n  contexts: {`, 'not valid YAML'],
  ['JSON that was cut off', (given) => config(given).slice(0, -40), 'not valid YAML'],
  ['JSON of another kind', (given) => `["${given.secret}"]`, 'is not a kubeconfig'],
  ['a kind that would command the terminal', () => JSON.stringify({ kind: evil }), 'is not a kubeconfig but a evil\\x1b[2J'],
  ['lists that are none', () => '{"clusters": 7}', '"clusters" is not a list'],
  ['empty', () => '', 'no current context'],
  ['bytes', () => Buffer.from([0, 159, 255, 27, 91, 50, 74]).toString('latin1'), 'kubeconfig'],
  [
    'client certificate of garbage',
    (given) => config(given, { user: { 'client-certificate-data': base64('x'), 'client-key-data': base64(given.secret) } }),
    'client-certificate',
  ],
  [
    'client key of garbage',
    (given) =>
      config(given, { user: { 'client-certificate-data': base64(given.own.certificate), 'client-key-data': base64(given.secret) } }),
    'client-key',
  ],
  [
    'client key of somebody else',
    (given) =>
      config(given, { user: { 'client-certificate-data': base64(given.own.certificate), 'client-key-data': base64(given.stranger.key) } }),
    'does not belong',
  ],
  [
    'client certificate in a file that is not there',
    (given) => config(given, { user: { 'client-certificate': 'gone.crt', 'client-key': 'gone.key' } }),
    'gone.crt',
  ],
  ['CA that is no PEM', (given) => config(given, { authority: `no PEM, but ${given.secret}` }), 'holds no certificate'],
  [
    'CA that is PEM around garbage',
    (given) => config(given, { authority: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n' }),
    'is not a certificate',
  ],
  ['an address that is none, with a password', (given) => config(given, { server: `https://me:${given.secret}@[bad` }), 'is not a URL'],
  [
    'an address of another kind, with a password',
    (given) => config(given, { server: `ftp://me:${given.secret}@host` }),
    'neither http nor https',
  ],
  [
    'a proxy that is none, with a password',
    (given) => config(given, { cluster: { 'proxy-url': `http://me:${given.secret}@[bad` } }),
    'proxy-url',
  ],
];
