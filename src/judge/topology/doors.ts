// Which addresses lead to one and the same API server?
import { joinAddress } from '../../model/address.ts';
import type { CertificateSeen, Try } from '../../model/network.ts';
import { type Door, type LoadBalancer, leadsTo, type Master } from '../../model/topology.ts';
import { type KnownEvidence, splitAddress } from './build.ts';
import { listedAddresses, sharedAddresses } from './node-addresses.ts';

type Place = Pick<Door, 'host' | 'port'>;

/** One master for each machine, with all its addresses; two that are listed as two stay two. */
export function joinDoors(known: KnownEvidence, entry: LoadBalancer | undefined, found: readonly Master[]): readonly Master[] {
  const anchors = found.filter(isAnchor);
  const loose = found.filter((one) => !anchors.includes(one));
  const proofs = new Proofs(known, anchors, loose);
  const owners = new Map(loose.map((one) => [one, proofs.ownerOf(one)]));
  const shared = sharedAddresses(known, entry, anchors.length);
  const joined = anchors.map((anchor): Master => {
    const doors = [...loose.filter((one) => owners.get(one) === anchor).flatMap((one) => one.doors), ...anchor.doors];
    const further = proofs.furtherDoors(anchor).filter(({ host }) => !leadsTo({ doors }, host) && !shared.has(host));
    return atBestDoor(known, { ...anchor, doors: [...doors, ...further] });
  });
  return [...joined, ...loose.filter((one) => owners.get(one) === undefined)];
}

/** Somebody vouches for the machine it is on: the cluster's own lists, or what an earlier run read there. */
function isAnchor({ doors, host, subject }: Master): boolean {
  return doors.some(({ origin }) => origin === 'listed' || (origin === 'remembered' && subject.keys.node !== host));
}

/** A silent address that the user named and no list has: it may be another one of a machine that is listed by its own. */
export function mayBeAlias(known: KnownEvidence, one: Master, masters: readonly Master[]): boolean {
  const tries = triesAt(known, one);
  if (!one.doors.every(({ origin }) => origin === 'flag') || tries.length === 0 || tries.some(({ connected }) => connected)) return false;
  return masters.some(({ doors }) => doors.some(({ origin }) => origin === 'listed') && !doors.some(({ origin }) => origin === 'flag'));
}

/**
 * Where to ask beside the best door: at all others when that one does not answer, and always where pods are sent. Names that
 * nobody named to us stand in lists of servers only.
 */
export function doorsToAsk(known: KnownEvidence, master: Master): readonly Door[] {
  const tries = triesAt(known, master);
  if (tries.length === 0) return [];
  const isOther = ({ host, port }: Door): boolean => host !== master.host || port !== master.port;
  const others = master.doors.filter((door) => isOther(door) && (door.origin === 'flag' || isNumber(door.host)));
  const advertised = known.get('kube.endpoints')?.addresses ?? [];
  return tries.some(answers) ? others.filter(({ host, port }) => advertised.includes(joinAddress(host, port))) : others;
}

function isNumber(host: string): boolean {
  return /^[\d.]+$|:/.test(host);
}

/** The first that answers; where none does, the first that takes a connection; else the first. */
function atBestDoor(known: KnownEvidence, master: Master): Master {
  const { doors, subject } = master;
  const answering = doors.find((door) => triesAt(known, door).some(answers));
  const best = answering ?? doors.find((door) => triesAt(known, door).some(({ connected }) => connected)) ?? doors[0] ?? master;
  const id = joinAddress(best.host, best.port);
  const { host, port, origin } = best;
  return { host, port, origin, doors, subject: { ...subject, id, keys: { ...subject.keys, apiserver: id } } };
}

function answers({ outcome }: Try): boolean {
  return outcome.kind === 'answered';
}

/** All that was tried at an address, in every look. */
function triesAt(known: KnownEvidence, { host, port }: Place): readonly Try[] {
  const id = joinAddress(host, port);
  return known.samples('api.ready', { kind: 'apiserver', id, name: id, keys: {} }).flatMap(({ tries }) => tries);
}

/** Never by guess: a handshake, or a list that has the address for this machine alone. */
class Proofs {
  readonly #known: KnownEvidence;
  readonly #anchors: readonly Master[];
  readonly #loose: readonly Master[];
  readonly #listed: ReadonlyMap<string, readonly string[]>;

  constructor(known: KnownEvidence, anchors: readonly Master[], loose: readonly Master[]) {
    this.#known = known;
    this.#anchors = anchors;
    this.#loose = loose;
    this.#listed = listedAddresses(known);
  }

  /** A certificate decides before a list does, for it is shown now; what nobody signed whom we trust proves nothing. */
  ownerOf(one: Master): Master | undefined {
    const listed = this.#listedAt(one);
    const leaf = this.#leafAt(one);
    if (typeof leaf === 'string') return leaf === 'none' ? listed : undefined;
    // Two that are not listed and show one certificate may be two machines with one file.
    const isAlone = this.#loose.every((other) => other === one || !this.#shows(other, leaf));
    const alike = this.#alike(leaf);
    if (listed !== undefined && alike.includes(listed)) return listed;
    if (alike.length > 0) return isAlone ? only(alike) : undefined;
    if (this.#isForeign(one)) return undefined;
    const meant = this.#meantBy(leaf);
    if (listed !== undefined) return meant === undefined || meant === listed ? listed : undefined;
    return isAlone ? meant : undefined;
  }

  /** Listed for its machine alone; where another one answers, the address has moved on. */
  furtherDoors(anchor: Master): readonly Door[] {
    const hosts = [...this.#listed].flatMap(([host, nodes]) => (only(nodes) === anchor.subject.keys.node ? [host] : []));
    const taken = this.#anchors.flatMap(({ doors }) => doors.map(({ host }) => host));
    return hosts
      .filter((host) => !taken.includes(host))
      .map((host): Door => ({ host, port: anchor.port, origin: 'listed' }))
      .filter((door) => !this.#isAnothers(door, anchor));
  }

  /** By the name or address it was named by, and by the address that was dialled for its name. */
  #listedAt({ host, port }: Master): Master | undefined {
    const dialled = triesAt(this.#known, { host, port }).flatMap(({ address }) => splitAddress(address, port)?.host ?? []);
    const nodes = [...new Set([host, ...dialled])].flatMap((one) => this.#listed.get(one) ?? []);
    const node = only([...new Set(nodes)]);
    return only(this.#anchors.filter(({ subject }) => node !== undefined && subject.keys.node === node));
  }

  #isAnothers(door: Door, anchor: Master): boolean {
    const leaf = this.#leafAt(door);
    if (typeof leaf === 'string') return leaf === 'several';
    const alike = this.#alike(leaf);
    if (alike.length > 0) return !alike.includes(anchor);
    const meant = this.#meantBy(leaf);
    return this.#isForeign(door) || (meant !== undefined && meant !== anchor);
  }

  /** What it shows, where that is one certificate: a load balancer may show several. */
  #leafAt(place: Place): CertificateSeen | 'none' | 'several' {
    const [first, ...others] = triesAt(this.#known, place).flatMap(({ chain }) => chain.slice(0, 1));
    if (first === undefined) return 'none';
    return others.every(({ sha256 }) => sha256 === first.sha256) ? first : 'several';
  }

  #shows(place: Place, { sha256 }: CertificateSeen): boolean {
    const leaf = this.#leafAt(place);
    return typeof leaf !== 'string' && leaf.sha256 === sha256;
  }

  /** Those that show it at a door of their own. */
  #alike(leaf: CertificateSeen): readonly Master[] {
    return this.#anchors.filter(({ doors }) => doors.some((door) => this.#shows(door, leaf)));
  }

  /** The only master whom it names or whose address it holds, unless that one shows another certificate. */
  #meantBy({ names, addresses }: CertificateSeen): Master | undefined {
    const named = this.#anchors.filter(({ subject }) => names.includes(subject.name));
    const addressed = this.#anchors.filter(({ doors }) => doors.some(({ host }) => addresses.includes(host)));
    const both = named.filter((anchor) => addressed.includes(anchor));
    const meant = only(named.length === 0 ? addressed : addressed.length === 0 ? named : both);
    return meant?.doors.every((door) => this.#leafAt(door) === 'none') === true ? meant : undefined;
  }

  #isForeign(place: Place): boolean {
    return triesAt(this.#known, place).some(({ trust }) => trust.kind === 'untrusted' && trust.why === 'unknown-authority');
  }
}

function only<T>(items: readonly T[]): T | undefined {
  return items.length === 1 ? items[0] : undefined;
}
