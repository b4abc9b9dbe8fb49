// Which mistakes are the user's, and get one sentence instead of a stack trace?

/** Bad usage: an unreadable kubeconfig, an unknown context, a folder that is no recording. Exit code 2. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}
