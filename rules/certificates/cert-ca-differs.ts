// Do all machines hold, and use, the same authorities?
import { defineRule, fail, notApplicable, pass, undecided } from '../../src/judge/define-rule.ts';
import { compareAuthorities, planToTakeAuthority } from '../../src/judge/plans/take-authority.ts';
import { differenceOf, heldKeys, type KeysOf, signingKeys } from '../../src/judge/readings/authority-differences.ts';
import { type AuthorityHolder, authorityHolders, holderSubjects } from '../../src/judge/readings/authority-holders.ts';
import { certificateNeeds } from '../../src/judge/readings/certificate.ts';
import { reachesEtcd } from '../../src/judge/readings/certificate-gates.ts';
import { type Authority, authorities, describeRole, nameOfAuthority } from '../../src/judge/readings/certificate-role.ts';
import { allOf } from '../../src/judge/readings/certainty.ts';
import { filesHowToGet } from '../../src/judge/readings/file-subjects.ts';
import type { Cause, Certainty, Fix, Link, Seen } from '../../src/model/rule.ts';
import { say, type Text } from '../../src/model/sentence.ts';

export default defineRule({
  id: 'cert-ca-differs',
  area: 'certificates',
  since: '0.1.0',
  severity: 'critical',
  impact: 'degraded',
  layer: 0,
  final: true,
  title: '{node} {has} another {name} authority than {others}',
  healthy: 'all machines have the same authorities',
  why: 'Whoever holds only one of them refuses what the other signs. It happens when a machine was set up by its own kubeadm init, or got half of a rotation.',
  shows: ['{node}  {how} {own}', '{others}  {how} {theirs}', 'if bridge:   {bridge} holds both', 'if open:   {open}'],
  folded: 'another {name} authority',
  needs: certificateNeeds,
  limits: {},
  reasons: ['files', 'served'],
  subjects: (seen) => authorities.flatMap((authority) => holderSubjects(seen, authority)),
  judge: (seen, _limits, subject) => {
    const authority = subject.id.slice(subject.id.lastIndexOf('/') + 1) as Authority;
    const holders = authorityHolders(seen, authority);
    const own = holders.find(({ node }) => node === subject.name);
    if (own === undefined || holders.length < 2) return notApplicable('there is one such machine only');
    const name = nameOfAuthority(authority);
    const facts = { node: own.node, name, authority };
    const [held, signed] = [describeIn(own, holders, heldKeys), describeIn(own, holders, signingKeys)];
    if (held !== undefined) {
      const files = { ...facts, ...held, has: 'has', how: 'holds, by sha256', open: '' };
      return fail(files, { reason: 'files', group: authority, witness: 'stated' });
    }
    if (signed !== undefined) {
      const served = { ...signed, has: 'serves what is signed by', how: 'serves what is signed by key', open: waysToKnow(authority) };
      return fail(
        { ...facts, ...served, from: '', bridge: '' },
        { reason: 'served', severity: 'warning', impact: 'at-risk', group: authority, witness: 'measured' },
      );
    }
    const others = holders.filter((one) => one !== own);
    if (![heldKeys, signingKeys].some((keysOf) => keysOf(own) !== undefined && others.some((one) => keysOf(one) !== undefined)))
      return undecided(`nobody saw which ${name} authority ${own.node} and another machine have`, 'run ha-doctor on each master, as root');
    return pass({ node: own.node, name });
  },
  explains: [
    {
      to: 'cert-chain-invalid',
      kind: 'causes',
      on: 'node',
      because: 'what another authority signed is refused by those that hold the right one',
      produces: ['signature'],
      when: ({ cause, effect }) => (describeRole(effect.group ?? '').authority === cause.group ? isHeld(cause) : 'no'),
      unproven: true,
    },
    {
      to: 'api-master-unreachable',
      kind: 'causes',
      on: 'node',
      because: 'clients refuse what another authority signed',
      produces: ['untrusted'],
      when: of('ca'),
      unproven: true,
    },
    {
      to: 'etcd-partition',
      kind: 'causes',
      on: 'node',
      because: 'members that hold different authorities refuse each other',
      when: of('etcd-ca'),
      unproven: true,
    },
    {
      to: 'api-readyz-etcd',
      kind: 'causes',
      on: 'node',
      because: 'the API server and the member beside it hold different authorities',
      when: (link, seen) => allOf(of('etcd-ca')(link), reachesEtcd('etcd-ca')(link, seen)),
      unproven: true,
    },
    {
      to: 'api-credential-rejected',
      kind: 'hints',
      on: 'cluster',
      because: 'a client certificate is accepted only where its authority is held',
    },
  ],
  fixes: planFor,
  avoid: () => [
    'leave copies of ca.key lying about, or send it in a ticket',
    'make the leaves anew before the authorities are equal',
    'put an old authority back while a new one is being brought in',
  ],
  reading: ['https://kubernetes.io/docs/setup/production-environment/tools/kubeadm/high-availability/#manual-certs'],
  errors: ['x509: certificate signed by unknown authority', 'crypto/rsa: verification error'],
});

function describeIn(own: AuthorityHolder, holders: readonly AuthorityHolder[], keysOf: KeysOf) {
  const found = differenceOf(own, holders, keysOf);
  const [first] = found?.from ?? [];
  if (found === undefined || first === undefined) return undefined;
  return {
    others: found.from.map(({ node }) => node).join(', '),
    own: short(keysOf(own)),
    theirs: short(keysOf(first)),
    from: found.model?.node ?? '',
    bridge: found.bridge?.node ?? '',
  };
}

function short(keys: readonly string[] | undefined): string {
  return (keys ?? []).map((key) => key.slice(0, 16)).join(', ');
}

/** Who signs with another key may still be accepted: each side may hold both. */
function waysToKnow(authority: Authority): Text {
  const files = filesHowToGet;
  return authority === 'etcd-ca'
    ? say('whether each side holds both is in their files ({files}); --etcd-cacert <file> tells what clients accept', { files })
    : say('whether each side holds both is in their files ({files}); a kubeconfig with the authority tells what clients accept', { files });
}

/** That they refuse each other is known by their files alone. */
function isHeld({ reason }: Link['cause']): Certainty {
  return reason === 'files' ? 'yes' : 'unknown';
}

function of(authority: Authority): (link: Link) => Certainty {
  return ({ cause }) => (cause.group === authority ? isHeld(cause) : 'no');
}

function planFor({ verdicts }: Cause, seen: Seen): readonly Fix[] {
  return verdicts.flatMap(({ facts, subject, reason }) => {
    const [node, authority, from] = [subject.name, facts['authority'] as Authority, String(facts['from'])];
    if (reason === 'served')
      return [compareAuthorities(node, authority, 'See whether it and the others hold both: then an exchange is under way')];
    // Two halves that follow each other's plan would only change places.
    if (from !== '') return planToTakeAuthority(seen, { node, from, authority });
    const isHalfway = facts['bridge'] !== '';
    return [
      compareAuthorities(
        node,
        authority,
        isHalfway
          ? say('Go on with the exchange where it stands: all hold both before anything is signed by the new one. {page}', {
              page: rotation,
            })
          : 'Find out which of them is the right one: the others and their clients hold it',
      ),
    ];
  });
}

const rotation = 'https://kubernetes.io/docs/tasks/tls/manual-rotation-of-ca-certificates/';
