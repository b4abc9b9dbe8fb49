// How is the real cluster opened for looking: kubeconfig, etcd certificate, nothing connected yet?
import type { KubeconfigSeen } from '../model/operator.ts';
import { type EtcdFiles, type EtcdMaterial, findEtcdFiles, readEtcdMaterial } from './etcd-credentials.ts';
import { chooseCluster, type ConnectionFlags } from './kubeconfig.ts';
import { describeKubeconfig } from './kubeconfig-seen.ts';
import { LiveSource, type LiveSettings } from './live-source.ts';
import type { Source } from './source.ts';

export interface Opened {
  readonly source: Source;
  readonly kubeconfig: KubeconfigSeen;
  /** The files that etcd is asked with, wherever they were found. */
  readonly etcd?: EtcdFiles;
}

/**
 * Reads kubeconfig and etcd certificate; opens no connection and runs no plugin yet.
 * @throws UsageError with one sentence when what the user named is not usable.
 */
export function openLiveSource(connection: ConnectionFlags, settings: LiveSettings, env: NodeJS.ProcessEnv = process.env): Promise<Opened> {
  return new Promise((resolve) => {
    const chosen = chooseCluster(connection, env);
    const etcd = findEtcdFiles(settings.etcd);
    const material = etcd && readMaterial(etcd);
    const source = new LiveSource(chosen, connection, settings, material);
    // Files found without being named are used when they are good, and not worth a word when they are not.
    const found = etcd && (material || etcd.from !== 'manifest') ? { etcd } : {};
    resolve({ source, kubeconfig: describeKubeconfig(chosen), ...found });
  });
}

function readMaterial(files: EtcdFiles): EtcdMaterial | undefined {
  try {
    return readEtcdMaterial(files);
  } catch (error) {
    if (files.from === 'manifest') return undefined;
    throw error;
  }
}
