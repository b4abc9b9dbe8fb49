// How does text leave the process, so that a reader who stops reading is no error?

/** A pipe that was closed by its reader, as by `| head`, ends the output silently. */
function isClosedPipe(error: unknown): boolean {
  return error instanceof Error && 'code' in error && (error.code === 'EPIPE' || error.code === 'ERR_STREAM_DESTROYED');
}

/** Result: to stdout, complete before the promise settles. */
export function writeResult(text: string): Promise<void> {
  return write(process.stdout, text);
}

/** Notices and errors: to stderr. */
export function writeError(text: string): Promise<void> {
  return write(process.stderr, text);
}

function write(stream: NodeJS.WriteStream, text: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (error?: Error | null): void => {
      if (error && !isClosedPipe(error)) reject(error);
      else resolve();
    };
    // The stream reports a failed write both to the callback and as an event, which would end the process.
    stream.once('error', settle);
    stream.write(text, (error) => {
      setImmediate(() => stream.off('error', settle));
      settle(error);
    });
  });
}
