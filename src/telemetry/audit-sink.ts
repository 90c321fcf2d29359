import { destination } from 'pino';

export type AuditSink = {
  /** Writes one event, JSON text without a line break, as a line. */
  readonly emit: (event: string) => void;
  /** Writes what is left, and ends. */
  readonly close: () => Promise<void>;
};

const BUFFER_BYTES = 8_192;
const FLUSH_MS = 200;

/** The audit stream: one JSON line an event. Buffered, since the store already has the event. */
export function createAuditSink(fd: number): AuditSink {
  const stream = destination({ fd, sync: false, minLength: BUFFER_BYTES, periodicFlush: FLUSH_MS });
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
