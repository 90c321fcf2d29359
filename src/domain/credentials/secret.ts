const REDACTED = '[redacted]';

/**
 * Text that must not reach a log, an audit event or an error: it prints itself as `[redacted]`, and only
 * {@link Secret.reveal} gives it away. A class, because a brand on a string would still print the string.
 */
export class Secret {
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The secret text. Call it where the secret is used, and keep the result in no object. */
  reveal(): string {
    return this.#text;
  }

  toString(): string {
    return REDACTED;
  }

  toJSON(): string {
    return REDACTED;
  }

  // The registered symbol, not `util.inspect.custom`: the domain imports nothing of Node but pure crypto.
  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return REDACTED;
  }
}
