// How does a name that the cluster gave become one harmless word of a command?

/** What no POSIX shell gives a meaning to; brackets stand round IPv6 addresses. */
const plain = /^[\w@%+=:,./[\]-]+$/;

/**
 * The text as exactly one word of a shell command: as it is where no character of it means anything to a shell, else in
 * single quotes. Commands are pasted by root, and whoever may name a node, a member or a server has a say in them.
 */
export function shellWord(text: string): string {
  return plain.test(text) ? text : `'${text.replaceAll("'", "'\\''")}'`;
}
