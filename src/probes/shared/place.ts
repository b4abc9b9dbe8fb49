// Which host and port does an address name?

/** `10.0.0.1:6443`, `[::1]:6443`, `master.example:6443`; undefined without a port. */
export function splitPlace(address: string): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:.]+)\]|([A-Za-z0-9._-]+)):(\d{1,5})$/.exec(address);
  const host = match?.[1] ?? match?.[2];
  const port = Number(match?.[3]);
  return host === undefined || !(port > 0 && port < 65_536) ? undefined : { host, port };
}
