// What does a waiting person see, without a trace of it in the result?

export interface Progress {
  readonly show: (line: string) => void;
  readonly clear: () => void;
}

/** One line on stderr that is replaced in place; nothing at all where stderr is no terminal. */
export function openProgress(stream: NodeJS.WriteStream): Progress {
  if (!stream.isTTY) return { show: () => {}, clear: () => {} };
  const wipe = '\r\u001b[2K';
  return {
    show: (line) => void stream.write(`${wipe}${line.replace(/\p{Cc}/gu, ' ').slice(0, (stream.columns ?? 80) - 1)}`),
    clear: () => void stream.write(wipe),
  };
}
