// Which of a container's variables may be kept?

/**
 * Environments may hold passwords: only what etcd takes its settings from is kept, and none of the references to Secrets.
 * Anything but a list of variables is an empty one.
 */
export function etcdVariables(env: unknown): readonly { readonly name: string; readonly value: string }[] {
  if (!Array.isArray(env)) return [];
  return env.flatMap((one: { readonly name?: unknown; readonly value?: unknown } | null) =>
    typeof one?.name === 'string' && /^ETCD_[A-Z_]+$/.test(one.name) && typeof one.value === 'string'
      ? [{ name: one.name, value: one.value }]
      : [],
  );
}
