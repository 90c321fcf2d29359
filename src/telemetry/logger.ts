import { destination, pino, type Logger } from 'pino';

/** The operational log: JSON lines on stderr, so that stdout is the audit stream's alone. */
export function createLogger(level: string): Logger {
  return pino({ level, base: { service: 'rolebridge' } }, destination({ fd: 2, sync: true }));
}
