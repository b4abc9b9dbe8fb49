// Where is a certificate served or kept: on which machine, in which role, under which subject?
import { joinAddress } from '../../model/address.ts';
import type { CertificateSeen, Knock, Trust, Try } from '../../model/network.ts';
import type { Seen } from '../../model/rule.ts';
import type { Subject } from '../../model/subject.ts';
import { keysOn, type Topology } from '../../model/topology.ts';
import type { CertificateEvidence, Leaf, Place } from './certificate.ts';
import { fileSets, roleFilesIn } from './certificate-files.ts';
import { ownerOfLeaf } from './entry.ts';

export function placesIn(seen: Seen<CertificateEvidence>): readonly Place[] {
  const files = localFiles(seen);
  const served = joinAddresses([...apiServers(seen), ...members(seen), ...machinePorts(seen), ...strangers(seen)]);
  const joined = served.map((place) => ({ ...place, leaves: [...place.leaves, ...(files.get(place.subject.id)?.leaves ?? [])] }));
  const taken = new Set(served.map((place) => place.subject.id));
  return [...joined, ...[...files.values()].filter((place) => !taken.has(place.subject.id))];
}

/** A machine may be asked at several of its addresses: what any of them shows is its own, and a silent one hides nothing. */
function joinAddresses(places: readonly Place[]): readonly Place[] {
  const joined = new Map<string, Place>();
  for (const place of places) {
    const before = joined.get(place.subject.id);
    const [shown, silent] = before === undefined || before.leaves.length > 0 ? [before, place] : [place, before];
    joined.set(place.subject.id, shown === undefined ? place : { ...shown, leaves: [...shown.leaves, ...silent.leaves] });
  }
  return [...joined.values()];
}

export function placeOf(topology: Topology, node: string, role: string): Subject {
  const id = `${node}/${role}`;
  return { kind: 'file', id, name: node, keys: { ...keysOn(topology, node), file: id } };
}

function apiServers(seen: Seen<CertificateEvidence>): readonly Place[] {
  return seen.topology.masters.map((master) => {
    const item = seen.peek('api.ready', master.subject);
    const tries = item?.state === 'known' ? item.value.tries : [];
    const chains = tries.flatMap((one) => one.chain.slice(0, 1));
    const through = entryLeaves(seen).filter((leaf) => ownerOfLeaf(seen, leaf)?.subject.id === master.subject.id);
    const address = master.subject.id;
    const direct = distinct(chains).map(
      (certificate): Leaf => ({ where: address, served: true, certificate, ...trustIn(tries, certificate) }),
    );
    const entry = entryTries(seen);
    const leaves =
      direct.length > 0
        ? direct
        : through.map((certificate): Leaf => ({ where: 'through the LB', served: true, certificate, ...trustIn(entry, certificate) }));
    const subject = placeOf(seen.topology, master.subject.keys.node ?? address, 'apiserver');
    return { subject, role: 'apiserver', leaves, asked: { id: 'api.ready', subject: master.subject, address } };
  });
}

function members(seen: Seen<CertificateEvidence>): readonly Place[] {
  const started = seen.topology.members.filter((member) => member.started);
  return started.flatMap((member) =>
    (
      [
        ['etcd-server', 'etcd.client-port', member.clientPort],
        ['etcd-peer', 'etcd.peer-port', member.peerPort],
      ] as const
    ).map(([role, id, port]) => {
      const address = joinAddress(member.host, port);
      const item = seen.peek(id, member.subject);
      const knock: Knock | undefined = item?.state === 'known' ? item.value : undefined;
      const trust =
        knock?.trust === undefined ? {} : { trust: role === 'etcd-peer' ? trustAmongPeers(seen, knock, knock.trust) : knock.trust };
      const leaves = (knock?.chain.slice(0, 1) ?? []).map((certificate): Leaf => ({ where: address, served: true, certificate, ...trust }));
      const subject = placeOf(seen.topology, member.subject.keys.node ?? member.host, role);
      return { subject, role, leaves, asked: { id, subject: member.subject, address } };
    }),
  );
}

/** By an authority that may be that of clients alone, which proves a stranger only once it has signed another member's. */
function trustAmongPeers(seen: Seen<'etcd.peer-port'>, knock: Knock, trust: Trust): Trust {
  if (knock.authoritiesOf === 'peers' || !isStranger(trust)) return trust;
  const isOfPeers = seen.topology.members.some(({ subject }) => {
    const item = seen.peek('etcd.peer-port', subject);
    const other = item?.state === 'known' ? item.value.trust : undefined;
    return other !== undefined && other.kind !== 'not-judged' && !isStranger(other);
  });
  if (isOfPeers) return trust;
  return {
    kind: 'not-judged',
    why: 'the authority that is known for etcd signed no member’s peer certificate: peers may have one of their own',
  };
}

function isStranger(trust: Trust): boolean {
  return trust.kind === 'untrusted' && trust.why === 'unknown-authority';
}

/** Ports of a machine whose certificate nothing checks by default. */
const unverified = [
  ['node.kubelet-port', 'kubelet-serving', 10250],
  ['node.controller-port', 'controller-manager-serving', 10257],
  ['node.scheduler-port', 'scheduler-serving', 10259],
] as const;

function machinePorts(seen: Seen<CertificateEvidence>): readonly Place[] {
  return seen.topology.machines.flatMap((machine) =>
    unverified.flatMap(([id, role, port]) => {
      const item = seen.peek(id, machine.subject);
      const certificate = item?.state === 'known' ? item.value.chain[0] : undefined;
      if (certificate === undefined) return [];
      const where = joinAddress(machine.host ?? machine.subject.id, port);
      return [{ subject: placeOf(seen.topology, machine.subject.id, role), role, leaves: [{ where, served: true, certificate }] }];
    }),
  );
}

/** Certificates seen through the load balancer that no known master owns. */
function strangers(seen: Seen<CertificateEvidence>): readonly Place[] {
  const lb = seen.topology.entry?.subject.id ?? 'lb';
  const unowned = entryLeaves(seen).filter((leaf) => ownerOfLeaf(seen, leaf) === undefined);
  return unowned.map((certificate) => {
    const id = `${lb}/apiserver/${certificate.sha256.slice(0, 12)}`;
    const subject: Subject = { kind: 'file', id, name: 'LB', keys: { lb, file: id } };
    return { subject, role: 'apiserver', leaves: [{ where: `${lb}, through the LB`, served: true, certificate }] };
  });
}

function entryLeaves(seen: Seen<'lb.tries'>): readonly CertificateSeen[] {
  return distinct(entryTries(seen).flatMap((one) => one.chain.slice(0, 1)));
}

function entryTries(seen: Seen<'lb.tries'>): readonly Try[] {
  const item = seen.peek('lb.tries');
  return item?.state === 'known' ? item.value.tries : [];
}

function trustIn(tries: readonly Try[], certificate: CertificateSeen): Pick<Leaf, 'trust'> {
  const met = tries.find((one) => one.chain[0]?.sha256 === certificate.sha256);
  return met === undefined ? {} : { trust: met.trust };
}

function distinct(certificates: readonly CertificateSeen[]): readonly CertificateSeen[] {
  return [...new Map(certificates.map((one) => [one.sha256, one])).values()].sort((one, other) => (one.sha256 < other.sha256 ? -1 : 1));
}

/** Place id -> what lies in files for it. */
function localFiles(seen: Seen<CertificateEvidence>): ReadonlyMap<string, Place> {
  const found = fileSets(seen).flatMap(roleFilesIn);
  return new Map(
    found.map(({ node, role, files, expected }) => {
      const subject = placeOf(seen.topology, node, role);
      const leaves = files.map(({ path, certificate, modifiedAt, signedBy }): Leaf => {
        const signers = signedBy === undefined ? {} : { signers: { own: signedBy, expected } };
        return { where: path, served: false, certificate, ...signers, ...(modifiedAt !== undefined && { modifiedAt }) };
      });
      return [subject.id, { subject, role, leaves }];
    }),
  );
}
