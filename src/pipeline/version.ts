// Which version is this?
import pjson from '../../package.json' with { type: 'json' };

export function version(): string {
  return pjson.version;
}
