// How does a new etcd come out of one saved file, with the names and URLs of the members that are listed now?
import { shellWord } from '../../../src/judge/shell-word.ts';
import { say, type Text } from '../../../src/model/sentence.ts';
import type { EtcdMember } from '../../../src/model/etcd.ts';
import type { Fix, Need, Seen } from '../../../src/model/rule.ts';
import { type EtcdHome, etcdHome } from '../../../src/judge/readings/etcd-home.ts';
import { canBumpRevision, etcdVersion, snapshotTool } from '../../../src/judge/readings/etcdctl.ts';
import { type Electorate, memberList, namesOf } from '../../../src/judge/readings/voters.ts';

/** Stands where nothing could be saved: whoever repairs has to choose. */
const anySnapshot = '<newest good snapshot>';

interface Place {
  readonly member: EtcdMember;
  readonly node: string;
}

/** Stop everywhere, restore on each master, start again; without the member list no command would be complete. */
export function restoreEverywhere(seen: Seen, electorate: Electorate, file = anySnapshot): readonly Fix[] {
  const lost = namesOf(electorate.silent) || say('the others');
  const home = etcdHome(seen, electorate.voters);
  if (home.kind !== 'static-pod' && home.kind !== 'service') return [];
  const needs: readonly Need[] = [
    home.need,
    { text: say('{lost} cannot come back with their data', { lost }), met: 'unknown' },
    { text: 'the saved file was checked', met: 'unknown' },
  ];
  const listed = (memberList(seen) ?? []).filter((member) => !member.learner && member.name !== '');
  const list = [...listed].sort((one, other) => (one.name < other.name ? -1 : 1));
  const places = list.map((member) => ({ member, node: nodeNamed(electorate, member.id) ?? member.name }));
  const [first] = places;
  if (first === undefined) {
    return [
      {
        do: say(
          'Only if the data of {lost} is lost for good: restore the saved copy to a new cluster; its commands need the member list (--etcd-cert, --etcd-key)',
          { lost },
        ),
        where: 'here',
        run: [],
        risk: 'high',
        needs,
        verify: [],
      },
    ];
  }
  const others = places
    .slice(1)
    .map(({ node }) => node)
    .join(', ');
  const restores = places.map(
    ({ member, node }): Fix => ({
      do: say('Restore the file on {node}', { node }),
      where: node,
      run: [restoreCommand(seen, home, list, member, file), startOne(seen, home)],
      risk: 'high',
      needs: [{ text: 'etcd and API server stopped on every master', met: electorate.leaderless.length === 0 ? 'unknown' : 'no' }],
      verify: [],
    }),
  );
  return [stopEverywhere(seen, home, lost, first, others, needs), ...restores, startAgain(home, list, first, others)];
}

function stopEverywhere(seen: Seen, home: EtcdHome, lost: Text, first: Place, others: string, needs: readonly Need[]): Fix {
  const nodes = oneByOne(first, others);
  const [folder, aside] = [shellWord(home.folder), asideOf(seen, home)];
  const base = { where: first.node, risk: 'high' as const };
  if (home.kind === 'service') {
    return {
      ...base,
      do: say('Only if the data of {lost} is lost for good: stop etcd on {nodes}, and give each the saved file', { lost, nodes }),
      run: ['systemctl stop etcd', `mv ${folder} ${aside}`],
      needs: [...needs, { text: 'the API servers of all masters are stopped', met: 'unknown' }],
      verify: ['systemctl is-active etcd   # inactive on every host'],
      undo: [`mv ${aside} ${folder}`, 'systemctl start etcd'],
    };
  }
  return {
    ...base,
    do: say('Only if the data of {lost} is lost for good: stop API server and etcd on {nodes}, and give each the saved file', {
      lost,
      nodes,
    }),
    run: [
      'mkdir -p /root/held && mv /etc/kubernetes/manifests/{kube-apiserver,etcd}.yaml /root/held/',
      "while crictl ps -q --name '^(etcd|kube-apiserver)$' | grep -q .; do sleep 1; done",
      `test ! -e /etc/kubernetes/manifests/etcd.yaml && mv -T ${folder} ${aside}`,
    ],
    needs,
    verify: ["crictl ps --name '^(etcd|kube-apiserver)$'   # empty on every master"],
    undo: [`mv ${aside} ${folder}`, 'mv /root/held/*.yaml /etc/kubernetes/manifests/'],
  };
}

function asideOf(seen: Seen, { folder }: EtcdHome): string {
  return shellWord(`${folder}.lost-${token(seen)}`);
}

/** A service may run as a user of its own, to whom the new folder has to belong. */
function startOne(seen: Seen, home: EtcdHome): string {
  if (home.kind === 'service') return `chown -R --reference=${asideOf(seen, home)} ${shellWord(home.folder)} && systemctl start etcd`;
  return 'mv /root/held/etcd.yaml /etc/kubernetes/manifests/';
}

function startAgain(home: EtcdHome, list: readonly EtcdMember[], first: Place, others: string): Fix {
  const onMasters = home.kind === 'service';
  const endpoints = list.flatMap((member) => member.clientUrls.slice(0, 1)).join(',');
  return {
    do: say('Once etcd has one leader: start the API server on {nodes}', {
      nodes: onMasters ? say('each master') : oneByOne(first, others),
    }),
    where: onMasters ? 'each master' : first.node,
    run: onMasters
      ? ['systemctl restart kubelet']
      : ['mv /root/held/kube-apiserver.yaml /etc/kubernetes/manifests/', 'systemctl restart kubelet'],
    risk: 'high',
    needs: [{ text: 'every member names the same leader', met: 'unknown' }],
    verify: [`etcdctl --endpoints ${shellWord(endpoints)} endpoint status`, 'kubectl get nodes'],
  };
}

function oneByOne(first: Place, others: string): Text {
  return others === '' ? first.node : say('{first}, then on {others} too', { first: first.node, others });
}

function restoreCommand(seen: Seen, home: EtcdHome, list: readonly EtcdMember[], member: EtcdMember, file: string): string {
  const version = etcdVersion(seen);
  const cluster = list.flatMap(({ name, peerUrls }) => peerUrls.map((url) => `${name}=${url}`)).join(',');
  return [
    `${snapshotTool(version)} snapshot restore ${file === anySnapshot ? file : shellWord(file)} --name ${shellWord(member.name)}`,
    `--initial-cluster ${shellWord(cluster)}`,
    `--initial-cluster-token restored-${token(seen)}`,
    `--initial-advertise-peer-urls ${shellWord(member.peerUrls.join(','))}`,
    `--data-dir ${shellWord(home.folder)}`,
    ...(canBumpRevision(version) ? ['--bump-revision 1000000000 --mark-compacted'] : []),
    // A copied database file has no checksum at its end, as a snapshot has.
    ...(file.endsWith('/snap/db') ? ['--skip-hash-check'] : []),
  ].join(' ');
}

/** Members of the new cluster must not mistake the old one for theirs. Seconds since 1970. */
function token(seen: Seen): number {
  return Math.floor(seen.startedAt / 1000);
}

function nodeNamed(electorate: Electorate, id: string): string | undefined {
  return electorate.voters.find((voter) => voter.subject.keys.member === id)?.subject.keys.node;
}
