// What does an Nginx configuration (nginx.conf, or what nginx -T prints) pass on to which servers?
import type { Bind, ListedServer, NginxConfig, ProxyPath } from '../../../model/balancer.ts';
import { cleanLine } from '../text.ts';
import { bindAt, durationIn, longestFile } from './words.ts';

interface Directive {
  readonly words: readonly string[];
  readonly block?: readonly Directive[];
}

const deepest = 30;
/** proxy_timeout's own default (ngx_stream_proxy_module). */
const streamIdle = 600_000;
const kept = new Set([
  ...['include', 'stream', 'http', 'upstream', 'server', 'location', 'listen'],
  ...['proxy_pass', 'proxy_timeout', 'proxy_connect_timeout', 'proxy_read_timeout', 'ssl_certificate'],
]);

export function looksLikeNginx(text: string): boolean {
  return /^[ \t]*(?:stream|http|events|upstream[ \t]+\S+|server)[ \t]*\{/m.test(text);
}

/** Only the directives that are understood. */
export function reduceNginx(text: string): string {
  return filesIn(text)
    .map(({ name, directives }) => `# configuration file ${name}:\n${print(directives)}`)
    .join('\n');
}

function print(directives: readonly Directive[]): string {
  const quoted = (word: string): string => (/[\s;{}"'#]/.test(word) || word === '' ? `"${word.replaceAll('"', '')}"` : word);
  return directives
    .filter(({ words }) => kept.has(words[0] ?? ''))
    .map(({ words, block }) => `${words.map(quoted).join(' ')}${block === undefined ? ';' : ` {\n${print(block)}\n}`}`)
    .join('\n');
}

/** @throws Error with one sentence. */
export function readNginx(text: string): NginxConfig {
  const files = filesIn(text);
  const main = files[0]?.directives ?? [];
  const resolved = include(main, files, 0);
  const streams = resolved.filter(({ words }) => words[0] === 'stream').flatMap((one) => one.block ?? []);
  const sites = resolved.filter(({ words }) => words[0] === 'http').flatMap((one) => one.block ?? []);
  const paths = [...pathsOf(streams, 'tcp'), ...pathsOf(sites, 'http')];
  if (paths.length === 0) throw new Error('no server in it passes anything on (for included files, take the output of nginx -T)');
  return { kind: 'nginx', paths };
}

interface File {
  readonly name: string;
  readonly directives: readonly Directive[];
}

/** What nginx -T prints is several files, each under its name. */
function filesIn(text: string): readonly File[] {
  if (text.length > longestFile) throw new Error('it is longer than any configuration');
  const parts = text.split(/^# configuration file (.+):$/m);
  const [before = '', ...named] = parts;
  if (named.length === 0) return [{ name: '/etc/nginx/nginx.conf', directives: parse(before) }];
  return Array.from({ length: named.length / 2 }, (_, index) => ({
    name: cleanLine(named[index * 2] ?? '', 300),
    directives: parse(named[index * 2 + 1] ?? ''),
  }));
}

function parse(text: string): readonly Directive[] {
  const tokens = text.matchAll(/#[^\n]*|"(?:[^"\\]|\\.)*"?|'(?:[^'\\]|\\.)*'?|[{};]|(?:\$\{[^}]*\}|[^\s{};"'#\\]|\\.)+/g);
  const root: Directive[] = [];
  const open: Directive[][] = [root];
  let words: string[] = [];
  for (const [token] of tokens) {
    if (token.startsWith('#')) continue;
    const inside = open.at(-1) ?? root;
    if (token === ';' || token === '{' || token === '}') {
      const block: Directive[] = [];
      if (words.length > 0) inside.push(token === '{' ? { words, block } : { words });
      words = [];
      if (token === '{') open.push(block);
      if (token === '}' && open.length > 1) open.pop();
      if (open.length > deepest) throw new Error('its blocks are nested deeper than any configuration');
    } else words.push(cleanLine(token.replace(/^(["'])(.*?)\1?$/s, '$2'), 500));
  }
  return root;
}

/** Included files take the place of the line that names them, as far as the output has them. */
function include(directives: readonly Directive[], files: readonly File[], depth: number): readonly Directive[] {
  if (depth > 5) return [];
  return directives.flatMap((one): readonly Directive[] => {
    if (one.words[0] !== 'include') return one.block === undefined ? [one] : [{ ...one, block: include(one.block, files, depth) }];
    const wanted = globOf(one.words[1] ?? '');
    return files.filter(({ name }) => wanted.test(name)).flatMap((file) => include(file.directives, files, depth + 1));
  });
}

/** `/etc/nginx/stream.d/*.conf`, or relative to the folder of the configuration. */
function globOf(pattern: string): RegExp {
  // More stars than that would only cost time.
  if (pattern.split('*').length > 4) return /$^/;
  const escaped = pattern.slice(0, 300).replace(/[.+^${}()|[\]\\]/g, '\\$&');
  const body = escaped.replaceAll(/\*+/g, '[^/]*').replaceAll('?', '[^/]');
  return new RegExp(pattern.startsWith('/') ? `^${body}$` : `/${body}$`);
}

function pathsOf(directives: readonly Directive[], mode: ProxyPath['mode']): readonly ProxyPath[] {
  const upstreams = directives.filter(({ words }) => words[0] === 'upstream');
  const outer = settingIn(directives, mode === 'tcp' ? 'proxy_timeout' : 'proxy_read_timeout');
  return directives
    .filter(({ words }) => words[0] === 'server')
    .flatMap(({ block = [] }) => {
      const places = mode === 'tcp' ? [block] : block.filter(({ words }) => words[0] === 'location').map((one) => one.block ?? []);
      return places.flatMap((place) => {
        const target = settingIn(place, 'proxy_pass')
          ?.replace(/^https?:\/\//, '')
          .replace(/\/.*$/, '');
        if (target === undefined) return [];
        const name = mode === 'tcp' ? 'proxy_timeout' : 'proxy_read_timeout';
        const idle = durationIn(settingIn(place, name) ?? settingIn(block, name) ?? outer, 1000) ?? (mode === 'tcp' ? streamIdle : 60_000);
        return [
          {
            name: target,
            mode,
            binds: bindsOf(block, mode),
            servers: serversOf(target, upstreams),
            timeouts: { client: idle, server: idle },
          },
        ];
      });
    });
}

function settingIn(directives: readonly Directive[], name: string): string | undefined {
  return directives.find(({ words }) => words[0] === name)?.words[1];
}

function bindsOf(block: readonly Directive[], mode: ProxyPath['mode']): readonly Bind[] {
  const listens = block.filter(({ words }) => words[0] === 'listen' && !words.includes('udp'));
  if (listens.length === 0 && mode === 'http') return [{ host: '', port: 80, tls: false }];
  return listens.flatMap(({ words }) => bindAt(words[1] ?? '', words.includes('ssl')) ?? []);
}

function serversOf(target: string, upstreams: readonly Directive[]): readonly ListedServer[] {
  const upstream = upstreams.find(({ words }) => words[1] === target);
  if (upstream === undefined) return [{ name: target, address: target, role: 'active' }];
  return (upstream.block ?? [])
    .filter(({ words }) => words[0] === 'server' && words[1] !== undefined)
    .map(({ words }) => {
      const role = words.includes('down') ? 'disabled' : words.includes('backup') ? 'backup' : 'active';
      return { name: words[1] ?? '', address: words[1] ?? '', role };
    });
}
