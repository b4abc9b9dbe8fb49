// What does a haproxy.cfg lead to what, with which time-outs?
import type { Bind, HaproxyConfig, ListedServer, ProxyPath, Timeouts } from '../../../model/balancer.ts';
import { bindAt, durationIn, linesOf, wordsIn } from './words.ts';

const comment = '#';
const proxySections = new Set(['defaults', 'frontend', 'backend', 'listen']);
const otherSections = new Set([
  'global',
  'userlist',
  'peers',
  'resolvers',
  'mailers',
  'cache',
  'program',
  'ring',
  'http-errors',
  'fcgi-app',
  'log-forward',
]);
const kept = new Set(['bind', 'mode', 'server', 'server-template', 'timeout', 'default_backend', 'use_backend', 'disabled']);

/** Whether somebody who reads it would call this a haproxy.cfg. */
export function looksLikeHaproxy(text: string): boolean {
  return /^[ \t]*(?:frontend|listen|backend)[ \t]+\S+/m.test(text) && /^[ \t]*(?:bind|server|default_backend|timeout)[ \t]/m.test(text);
}

/** Only the lines that are understood; users, passwords and logging stay where they are. */
export function reduceHaproxy(text: string): string {
  return linesOf(text, comment)
    .filter((line) => {
      const [word = ''] = wordsIn(line);
      return proxySections.has(word) || otherSections.has(word) || kept.has(word);
    })
    .join('\n');
}

interface Section {
  readonly kind: string;
  readonly name: string;
  mode?: 'tcp' | 'http';
  timeouts: Record<string, number>;
  readonly binds: Bind[];
  readonly servers: ListedServer[];
  readonly backends: string[];
}

/** @throws Error with one sentence where it has no proxy at all. */
export function readHaproxy(text: string): HaproxyConfig {
  const sections: Section[] = [];
  let current: Section | undefined;
  for (const line of linesOf(text, comment)) {
    const words = wordsIn(line);
    const [word = ''] = words;
    if (proxySections.has(word)) {
      current = begin(words, sections);
      sections.push(current);
    } else if (otherSections.has(word)) current = undefined;
    else if (current !== undefined) take(words, current);
  }
  const paths = pathsOf(sections);
  if (paths.length === 0) throw new Error('it has no frontend, listen or backend section that is understood');
  return { kind: 'haproxy', paths };
}

/** A section begins with what the defaults before it, or those it names, say. */
function begin(words: readonly string[], before: readonly Section[]): Section {
  const [kind = '', name = ''] = words;
  const from = words[2] === 'from' ? words[3] : undefined;
  const inherited = before.findLast((one) => one.kind === 'defaults' && (from === undefined || one.name === from));
  const defaults = kind === 'defaults' && from === undefined ? undefined : inherited;
  return {
    kind,
    name,
    ...(defaults?.mode !== undefined && { mode: defaults.mode }),
    timeouts: { ...defaults?.timeouts },
    binds: [],
    servers: [],
    backends: [],
  };
}

function take(words: readonly string[], section: Section): void {
  const [word, first, second] = words;
  if (word === 'mode' && (first === 'tcp' || first === 'http')) section.mode = first;
  if (word === 'timeout' && first !== undefined) {
    const time = durationIn(second, 1);
    if (time !== undefined) section.timeouts[first] = time;
  }
  if (word === 'bind') section.binds.push(...(first ?? '').split(',').flatMap((place) => bindAt(place, words.includes('ssl')) ?? []));
  if (word === 'server' && first !== undefined && second !== undefined) {
    const role = words.includes('disabled') ? 'disabled' : words.includes('backup') ? 'backup' : 'active';
    section.servers.push({ name: first, address: second.replace(/^ipv[46]@/, ''), role });
  }
  if ((word === 'default_backend' || word === 'use_backend') && first !== undefined) section.backends.push(first);
}

function pathsOf(sections: readonly Section[]): readonly ProxyPath[] {
  const backends = sections.filter((one) => one.kind === 'backend');
  const whole = sections.filter((one) => one.kind === 'listen').map((one) => path(one.name, one, one));
  const fronts = sections.filter((one) => one.kind === 'frontend');
  const joined = fronts.flatMap((front) =>
    [...new Set(front.backends)].flatMap((name) => {
      const backend = backends.find((one) => one.name === name);
      return backend === undefined ? [] : [path(`${front.name} -> ${name}`, front, backend)];
    }),
  );
  return [...whole, ...joined];
}

function path(name: string, front: Section, backend: Section): ProxyPath {
  const { binds } = front;
  return { name, mode: front.mode ?? 'tcp', binds, servers: backend.servers, timeouts: timeoutsOf(front, backend) };
}

function timeoutsOf(front: Section, backend: Section): Timeouts {
  const { client } = front.timeouts;
  const { server, tunnel, connect } = backend.timeouts;
  return {
    ...(client !== undefined && { client }),
    ...(server !== undefined && { server }),
    ...(tunnel !== undefined && { tunnel }),
    ...(connect !== undefined && { connect }),
  };
}
