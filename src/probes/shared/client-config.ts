// Where do API servers find somebody they call?
import * as z from 'zod';
import type { CalledService } from '../../model/admission.ts';
import { optionalLine } from './json.ts';

/** As in admissionregistration.k8s.io/v1, apiextensions.k8s.io/v1 and apiregistration.k8s.io/v1, which knows no path. */
export const calledService = z
  .object({ namespace: optionalLine, name: optionalLine, port: z.number().nullish(), path: optionalLine })
  .nullish();

/** What the API says of an absent port. */
const usualPort = 443;

export function readService(given: z.output<typeof calledService>): { readonly service?: CalledService } {
  if (!given) return {};
  const { namespace, name, port, path } = given;
  return { service: { namespace, name, port: port ?? usualPort, ...(path !== '' && { path }) } };
}
