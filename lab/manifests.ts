// How is a fault put into a lab that is nothing but objects in its cluster?
import type { Fault } from './fault.ts';

/** Applies them, and deletes them again; what is not there stays away. @param manifests YAML or JSON. */
export function asObjects(manifests: string): Pick<Fault, 'inject' | 'heal'> {
  return {
    inject: async (lab) => {
      await lab.kubectl(['apply', '-f', '-'], { input: manifests });
    },
    heal: async (lab) => {
      await lab.kubectl(['delete', '--ignore-not-found', '-f', '-'], { input: manifests });
    },
  };
}
