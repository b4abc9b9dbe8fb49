// What does a keepalived.conf say about who holds which address when?
import type { KeepalivedConfig, VrrpInstance, VrrpScript } from '../../../model/balancer.ts';
import { linesOf, wordsIn } from './words.ts';

const comment = '#!';
const deepest = 30;
/** Only so many characters of a password count (man keepalived.conf, auth_pass). */
export const passwordLength = 8;
/** Marks a password that was longer, in the text that is kept. */
const longer = 'longer';

interface Entry {
  readonly words: readonly string[];
  readonly block?: readonly Entry[];
}

export function looksLikeKeepalived(text: string): boolean {
  return /^[ \t]*vrrp_(?:instance|script)[ \t]+\S+/m.test(text);
}

const kept = new Set(['global_defs', 'vrrp_script', 'vrrp_track_process', 'vrrp_instance']);
const leftOut = /^(?:notify|smtp|notification|email|user|script_user|process_names)/;

/** What bears on the addresses, each password cut to the characters that count. */
export function reduceKeepalived(text: string): string {
  return print(parse(text).filter(({ words }) => kept.has(words[0] ?? '')));
}

function print(entries: readonly Entry[]): string {
  const quoted = (word: string): string => (/[\s{}"'#!]/.test(word) || word === '' ? `"${word.replaceAll('"', "'")}"` : word);
  return entries
    .filter(({ words }) => !leftOut.test(words[0] ?? ''))
    .map(({ words: [name = '', ...rest], block }) => {
      const [password = ''] = rest;
      const values = name === 'auth_pass' && password.length > passwordLength ? [password.slice(0, passwordLength), longer] : rest;
      return `${[name, ...values].map(quoted).join(' ')}${block === undefined ? '' : ` {\n${print(block)}\n}`}`;
    })
    .join('\n');
}

/** @throws Error with one sentence. */
export function readKeepalived(text: string): KeepalivedConfig {
  const entries = parse(text);
  const globals = entries.filter(({ words }) => words[0] === 'global_defs').flatMap((one) => one.block ?? []);
  const version = numberOf(globals, 'vrrp_version') ?? 2;
  const blocks = (name: string): readonly Entry[] => entries.filter(({ words, block }) => words[0] === name && block !== undefined);
  const instances = blocks('vrrp_instance').map((one) => instanceOf(one, version));
  if (instances.length === 0) throw new Error('it has no vrrp_instance');
  return { kind: 'keepalived', scripts: [...blocks('vrrp_script'), ...blocks('vrrp_track_process')].map(scriptOf), instances };
}

/** Braces may stand on lines of their own or all on one. */
function parse(text: string): readonly Entry[] {
  const root: Entry[] = [];
  const open: Entry[][] = [root];
  for (const line of linesOf(text, comment)) {
    let words: string[] = [];
    const end = (block?: Entry[]): void => {
      const inside = open.at(-1) ?? root;
      if (words.length > 0) inside.push(block === undefined ? { words } : { words, block });
      // A brace on a line of its own belongs to the line before.
      else if (block !== undefined) inside.push({ words: inside.pop()?.words ?? [''], block });
      words = [];
    };
    for (const token of wordsIn(line.replace(/[{}]/g, ' $& '))) {
      if (token === '{') {
        const block: Entry[] = [];
        end(block);
        open.push(block);
        if (open.length > deepest) throw new Error('its blocks are nested deeper than any configuration');
      } else if (token === '}') {
        end();
        if (open.length > 1) open.pop();
      } else words.push(token);
    }
    end();
  }
  return root;
}

function settingIn(block: readonly Entry[], name: string): string | undefined {
  return block.find(({ words }) => words[0] === name)?.words[1];
}

function numberOf(block: readonly Entry[], name: string): number | undefined {
  const value = settingIn(block, name);
  return value !== undefined && /^-?\d{1,9}(?:\.\d{1,6})?$/.test(value) ? Number(value) : undefined;
}

function listOf(block: readonly Entry[], name: string): readonly Entry[] {
  return block.filter(({ words }) => words[0] === name).flatMap((one) => one.block ?? []);
}

function scriptOf({ words, block = [] }: Entry): VrrpScript {
  return {
    name: words[1] ?? '',
    script: settingIn(block, 'script') ?? settingIn(block, 'process') ?? '',
    interval: numberOf(block, 'interval') ?? 1,
    fall: numberOf(block, 'fall') ?? 1,
    weight: numberOf(block, 'weight') ?? 0,
  };
}

function instanceOf({ words, block = [] }: Entry, version: number): VrrpInstance {
  const has = (name: string): boolean => block.some((one) => one.words[0] === name);
  const state = settingIn(block, 'state');
  const authentication = listOf(block, 'authentication');
  const password = authentication.find((one) => one.words[0] === 'auth_pass')?.words ?? [];
  const routerId = numberOf(block, 'virtual_router_id');
  const unicastSource = settingIn(block, 'unicast_src_ip');
  const tracks = ['track_script', 'track_process'].flatMap((name) => listOf(block, name));
  return {
    name: words[1] ?? '',
    state: state === 'MASTER' || state === 'BACKUP' ? state : '',
    device: settingIn(block, 'interface') ?? '',
    ...(routerId !== undefined && { routerId }),
    priority: numberOf(block, 'priority') ?? 100,
    advertInterval: numberOf(block, 'advert_int') ?? 1,
    version: numberOf(block, 'version') ?? version,
    authentication: {
      type: settingIn(authentication, 'auth_type') ?? '',
      password: (password[1] ?? '').slice(0, password[1]?.startsWith('redacted:') ? 100 : passwordLength),
      tooLong: password[2] === longer || ((password[1] ?? '').length > passwordLength && !password[1]?.startsWith('redacted:')),
    },
    preempts: !has('nopreempt'),
    ...(unicastSource !== undefined && { unicastSource }),
    unicastPeers: listOf(block, 'unicast_peer').flatMap((one) => one.words[0] ?? []),
    addresses: listOf(block, 'virtual_ipaddress').flatMap((one) => one.words[0]?.replace(/\/\d+$/, '') ?? []),
    tracks: tracks.flatMap((one) => {
      const at = one.words.indexOf('weight');
      const weight = Number(at === -1 ? Number.NaN : one.words[at + 1]);
      return one.words[0] === undefined ? [] : [{ name: one.words[0], ...(Number.isFinite(weight) && { weight }) }];
    }),
  };
}
