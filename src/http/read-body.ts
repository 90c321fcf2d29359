import type { IncomingMessage } from 'node:http';
import { FederationError } from '../domain/errors.ts';

export type BodyLimits = { readonly maxBytes: number; readonly timeoutMs: number };

/**
 * Reads a request body whole, as received: SigV4 hashes these very bytes.
 *
 * @throws FederationError `request-too-large`, `request-timeout`; the connection should then be closed
 */
export function readBody(request: IncomingMessage, limits: BodyLimits): Promise<Buffer> {
  const declared = Number(request.headers['content-length'] ?? 0);
  if (declared > limits.maxBytes) return Promise.reject(tooLarge());
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const settle = (act: () => void): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('error', onError).off('close', onError);
      act();
    };
    const fail = (error: Error): void => {
      settle(() => {
        request.pause();
        reject(error);
      });
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > limits.maxBytes) fail(tooLarge());
      else chunks.push(chunk);
    };
    const onEnd = (): void => {
      const [only] = chunks;
      settle(() => {
        resolve(chunks.length === 1 && only ? only : Buffer.concat(chunks));
      });
    };
    const onError = (): void => {
      fail(new FederationError('request-timeout', 'connection closed while reading the body'));
    };
    const timer = setTimeout(() => {
      fail(new FederationError('request-timeout', 'body too slow'));
    }, limits.timeoutMs);
    request.on('data', onData).on('end', onEnd).on('error', onError).on('close', onError);
  });
}

function tooLarge(): FederationError {
  return new FederationError('request-too-large', 'body over the limit');
}
