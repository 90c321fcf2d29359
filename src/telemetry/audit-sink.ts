import { destination } from 'pino';

export type AuditSink = {
  /** Writes one event, JSON text without a line break, as a line. */
  readonly emit: (event: string) => void;
  /** Writes what is left, and ends. */
  readonly close: () => Promise<void>;
};

// An event has some 4 kB, and each write is a trip to another thread.
const BUFFER_BYTES = 32_768;
const MOST_BYTES_PER_WRITE = 65_536;
const FLUSH_MS = 200;

/** The audit stream: one JSON line an event. Buffered, since the store already has the event. */
export function createAuditSink(fd: number): AuditSink {
  const stream = destination({
    fd,
    sync: false,
    minLength: BUFFER_BYTES,
    maxWrite: MOST_BYTES_PER_WRITE,
    periodicFlush: FLUSH_MS,
  });
  return {
    emit: (event) => {
      stream.write(`${event}\n`);
    },
    close: () =>
      new Promise((resolve) => {
        stream.once('close', resolve);
        stream.end();
      }),
  };
}
