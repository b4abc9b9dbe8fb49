// How are flags of a component changed without a moment in which it could start with half of them?
import type { Fix, Seen } from '../../model/rule.ts';
import { type Home, manifestOf } from '../readings/component-home.ts';
import { shellWord } from '../shell-word.ts';

export type Change = Pick<Fix, 'run' | 'undo'>;

export interface Flags {
  /** Names without dashes. */
  readonly remove: readonly string[];
  /** With dashes. */
  readonly add: readonly string[];
}

/** Beside the folder of manifests, on the same disk: the kubelet sees the old file or the whole new one. */
interface Files {
  readonly manifest: string;
  readonly next: string;
  readonly kept: string;
}

function filesOf(seen: Seen, home: Home): Files {
  return {
    manifest: manifestOf(home),
    next: shellWord(`/etc/kubernetes/${home.component}.yaml.next`),
    kept: shellWord(`/etc/kubernetes/${home.component}.yaml.before-${Math.floor(seen.startedAt / 1000)}`),
  };
}

/** Nothing is moved in unless the copy has every new flag and none of the old. */
export function changeFlags(seen: Seen, home: Home, { remove, add }: Flags): Change {
  if (home.kind !== 'static-pod') return editSettings(seen, home, [...add, ...remove.map((name) => `no --${name}`)].join(', '));
  const { manifest, next, kept } = filesOf(seen, home);
  const old = `--(${remove.join('|')})(=| |"|$)`;
  const script = [
    `-e ${shellWord(`/^ *- ${old}/d`)}`,
    ...add.map((flag) => `-e ${shellWord(String.raw`s|^( *)- ([^ ]*/)?${home.component}$|&\n\1- ${flag}|`)}`),
  ];
  const left = add.map((flag) => `grep -qE -- ${shellWord(`^ *- ${flag}$`)} ${next}`);
  // A manifest that writes its flags in another way is not for these lines.
  const gone = remove.filter((name) => !add.some((flag) => flag.startsWith(`--${name}=`)));
  const isGone = gone.length === 0 ? [] : [`! grep -qE -- ${shellWord(`--(${gone.join('|')})(=| |"|$)`)} ${next}`];
  return {
    run: [
      `test -e ${kept} || cp -a ${manifest} ${kept}`,
      `cp -a ${manifest} ${next} && sed -i -E ${script.join(' ')} ${next}`,
      `${[...isGone, ...left].join(' && ')} && test -e ${kept} && mv -f ${next} ${manifest}`,
    ],
    undo: [putBack({ manifest, next, kept })],
  };
}

/** By hand. An editor leaves files of its own, which a kubelet would start, so it works outside its folder. */
export function editSettings(seen: Seen, home: Home, hint: string): Change {
  if (home.kind === 'k3s' || home.kind === 'rke2') {
    const [file, unit] = [`/etc/rancher/${home.kind}/config.yaml`, home.kind === 'k3s' ? 'k3s' : 'rke2-server'];
    const argument = home.component === 'etcd' ? 'etcd-arg' : `${home.component}-arg`;
    return { run: [`vi ${file} && systemctl restart ${unit}   # ${argument}: ${hint}`] };
  }
  if (home.kind === 'service')
    return { run: [`systemctl edit --full ${home.component}   # or the file it names: ${hint}`, `systemctl restart ${home.component}`] };
  if (home.kind === 'other') return { run: [] };
  const files = filesOf(seen, home);
  const { manifest, next, kept } = files;
  return {
    run: [
      `test -e ${kept} || cp -a ${manifest} ${kept}`,
      `cp -a ${manifest} ${next} && vi ${next} && mv -f ${next} ${manifest}   # ${hint}`,
    ],
    undo: [putBack(files)],
  };
}

function putBack({ manifest, next, kept }: Files): string {
  return `cp -a ${kept} ${next} && mv -f ${next} ${manifest}`;
}

/** Those of its settings that match, as an extended pattern. */
export function showSettings(home: Home, pattern: string): readonly string[] {
  const grep = `grep -nE -- ${shellWord(pattern)}`;
  if (home.kind === 'static-pod') return [`${grep} ${manifestOf(home)}`];
  if (home.kind === 'service') return [`systemctl cat ${home.component} | ${grep}   # or in the file it names`];
  return home.kind === 'other' ? [] : [`${grep} /etc/rancher/${home.kind}/config.yaml`];
}
