// How is the address of a service written?

/** host:port, with the brackets an IPv6 address needs. */
export function joinAddress(host: string, port: number): string {
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
