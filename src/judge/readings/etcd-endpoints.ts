// Which member does each address in an API server's --etcd-servers lead to?
import type { Seen } from '../../model/rule.ts';
import { say, type Text } from '../../model/sentence.ts';
import type { Member } from '../../model/topology.ts';
import type { Support } from '../../model/verdict.ts';
import { isLoopback, splitAddress } from '../topology/build.ts';
import { type MemberEvidence, peekMember } from './member.ts';
import { memberList } from './voters.ts';

export interface Endpoint {
  readonly url: string;
  readonly host: string;
  /** `name`: only the machine itself can resolve it · `stranger`: an address that no member has. */
  readonly kind: 'member' | 'name' | 'stranger';
  readonly member?: Member;
  readonly state: Support['state'];
  readonly words: Text;
}

export interface EndpointFault {
  readonly reason: 'none' | 'stranger' | 'learner' | 'down' | 'few' | 'loopback' | 'single-name';
  readonly words: Text;
}

const clientPort = 2379;

/** `node` is where the API server runs: its loopback is that machine's member. */
export function endpointsIn(seen: Seen<MemberEvidence>, flag: string, node: string): readonly Endpoint[] {
  return flag
    .split(',')
    .map((url) => url.trim())
    .filter((url) => url !== '')
    .map((url) => leadTo(seen, url, node));
}

function leadTo(seen: Seen<MemberEvidence>, url: string, node: string): Endpoint {
  const place = splitAddress(url, clientPort) ?? { host: url, port: clientPort };
  const { host } = place;
  const own = seen.topology.members.find((member) => member.subject.keys.node === node);
  const isOwn = isLoopback(host) && own !== undefined;
  const member = isOwn ? own : seen.topology.members.find((one) => one.host === host || namesOf(seen, one).includes(host));
  if (member?.clientPort === place.port) return { url, host, kind: 'member', member, ...stateOf(seen, member, isOwn) };
  if (member === undefined && !isLoopback(host) && !isAddress(host)) {
    return { url, host, kind: 'name', state: 'unknown', words: 'a name: where it leads only that machine knows' };
  }
  const words =
    member === undefined
      ? 'no member has this address'
      : say('{name} listens on {port}', { name: member.subject.name, port: member.clientPort });
  return { url, host, kind: 'stranger', state: 'lost', words };
}

function isAddress(host: string): boolean {
  return /^[0-9.]+$/.test(host) || host.includes(':');
}

/** Hosts in the member's own client URLs: a member may be listed by name and asked by it. */
function namesOf(seen: Seen<'etcd.members'>, member: Member): readonly string[] {
  const listed = memberList(seen)?.find((one) => one.id === member.subject.keys.member);
  return (listed?.clientUrls ?? []).flatMap((url) => splitAddress(url, clientPort)?.host ?? []);
}

function stateOf(seen: Seen<MemberEvidence>, member: Member, isOwn: boolean): Pick<Endpoint, 'state' | 'words'> {
  const { name } = member.subject;
  const who = isOwn ? say('{name}, beside it', { name }) : name;
  if (member.learner) return { state: 'lost', words: say('{who}, a learner: it answers no reads', { who }) };
  const reading = peekMember(seen, member);
  if (reading?.kind === 'silent') return { state: 'lost', words: say('{who}, does not answer', { who }) };
  return { state: reading === undefined ? 'unknown' : 'good', words: who };
}

/** Undefined where every address leads to a member. A stacked master's only member that is down is that member's own fault. */
export function wrongWith(seen: Seen<MemberEvidence>, endpoints: readonly Endpoint[], fewest: number): EndpointFault | undefined {
  const strangers = endpoints.filter(({ kind }) => kind === 'stranger');
  const list = (some: readonly Endpoint[]): string => some.map(({ url }) => url).join(', ');
  if (strangers.length > 0 && strangers.length === endpoints.length)
    return { reason: 'none', words: say('{urls}: no member is there', { urls: list(strangers) }) };
  if (strangers.length > 0) return { reason: 'stranger', words: say('{urls} is no member', { urls: list(strangers) }) };
  const learners = endpoints.filter(({ member }) => member?.learner === true);
  if (learners.length > 0) return { reason: 'learner', words: say('{urls} is a learner and answers no reads', { urls: list(learners) }) };
  const down = endpoints.filter(({ member, state }) => member !== undefined && state === 'lost');
  if (down.length > 0 && endpoints.length > 1) return { reason: 'down', words: say('{urls} does not answer', { urls: list(down) }) };
  if (seen.topology.etcd !== 'external') return undefined;
  const loop = memberList(seen)?.filter(
    ({ clientUrls }) => clientUrls.length > 0 && clientUrls.every((url) => isLoopback(splitAddress(url, clientPort)?.host ?? '')),
  );
  if (loop !== undefined && loop.length > 0)
    return {
      reason: 'loopback',
      words: say('{names} advertise their own loopback, where no API server finds them', {
        names: loop.map(({ name }) => name).join(', '),
      }),
    };
  const [only] = endpoints;
  if (endpoints.length === 1 && only?.kind === 'name')
    return { reason: 'single-name', words: say('all of etcd hangs on the one name {host}', { host: only.host }) };
  const members = seen.topology.members.filter((member) => !member.learner).length;
  if (endpoints.length < fewest && members > endpoints.length)
    return {
      reason: 'few',
      words: say('it knows {known} of {members} members of the external etcd', { known: endpoints.length, members }),
    };
  return undefined;
}
