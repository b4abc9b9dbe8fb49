// Which token does a kubeconfig's old-style `auth-provider` still hold?
import { type Entry, type Fields, isFields, textOf } from './kubeconfig-file.ts';
import { datesOfToken } from './kubeconfig-seen.ts';
import { GapError } from './source.ts';

/**
 * The stored token while it is valid. It is never refreshed here: an identity provider may accept a refresh token only
 * once, and a run that changes nothing has no place to keep the next one.
 * @throws GapError
 */
export function storedToken(entry: Entry, provider: Fields): string {
  const name = textOf(provider, 'name') ?? '';
  const config = isFields(provider.config) ? provider.config : {};
  const token = textOf(config, name === 'oidc' ? 'id-token' : 'access-token');
  if (token === undefined) throw refuse(`The auth provider ${name} of user "${entry.name}" holds no token`);
  const until = name === 'oidc' ? datesOfToken(token).expiresAt : statedExpiry(config);
  if (until !== undefined && until < Date.now())
    throw refuse(`The token that the auth provider ${name} of user "${entry.name}" holds has expired`);
  return token;
}

/** ISO 8601 in `expiry` (gcp) or seconds since 1970 in `expires-on` (azure). */
function statedExpiry(config: Fields): number | undefined {
  const seconds = Number(textOf(config, 'expires-on'));
  const time = Number.isNaN(seconds) ? Date.parse(textOf(config, 'expiry') ?? '') : seconds * 1000;
  return Number.isNaN(time) ? undefined : time;
}

function refuse(what: string): GapError {
  return new GapError({ gap: 'denied', detail: `${what}; kubectl renews it.`, howToGet: 'kubectl get --raw /version' });
}
