export type HashReply = { readonly name: string; readonly fields: readonly Buffer[] };

/**
 * The answer of a script that lists hashes: the name of each, followed by the values of its fields.
 *
 * @throws Error for any other answer, and where a hash lacks a field: nothing is half read.
 */
export function parseHashes(reply: unknown): HashReply[] {
  if (!Array.isArray(reply)) throw new Error('not a list of hashes');
  const hashes: HashReply[] = [];
  for (let at = 0; at < reply.length; at += 2) {
    const name: unknown = reply[at];
    if (!Buffer.isBuffer(name)) throw new Error('not the name of a hash');
    hashes.push({ name: name.toString(), fields: parseFields(reply[at + 1]) });
  }
  return hashes;
}

/** @throws Error where one is missing. */
export function parseFields(fields: unknown): readonly Buffer[] {
  if (Array.isArray(fields) && fields.every((field) => Buffer.isBuffer(field))) return fields;
  throw new Error('the stored hash cannot be read');
}
