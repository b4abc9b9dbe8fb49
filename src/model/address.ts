// How is the address of a service written?

/** host:port, with the brackets an IPv6 address needs. */
export function joinAddress(host: string, port: number): string {
  return `${inBrackets(host)}:${port}`;
}

/** A host as it stands before a colon. */
export function inBrackets(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

/** `authority` is what stands between `https://` and the path of a URL, with brackets where it needs them; 443 where it names no port. */
export function withHttpsPort(authority: string): string {
  return /:\d+$/.test(authority) ? authority : `${authority}:443`;
}
