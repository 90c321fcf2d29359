/**
 * The fields of a record as two runs, numbers and text, which are written and read in the same order. A text is front-coded
 * against a guess that writer and reader both know: only what differs from it is written, since one ARN tells most of the next.
 */
export type FieldWriter = {
  number(value: number): void;
  text(value: string, guess?: string): void;
  optionalNumber(value: number | undefined): void;
  optionalText(value: string | undefined, guess?: string): void;
  texts(values: readonly string[]): void;
  finish(): { readonly numbers: Buffer; readonly text: Buffer };
};

export type FieldReader = {
  number(): number;
  text(guess?: string): string;
  optionalNumber(): number | undefined;
  optionalText(guess?: string): string | undefined;
  texts(): string[];
  /** @throws Error when anything is left over. */
  finish(): void;
};

export function createFieldWriter(): FieldWriter {
  const bytes: number[] = [];
  const pieces: string[] = [];
  const number = (value: number): void => {
    pushVarint(bytes, value);
  };
  const text = (value: string, guess = ''): void => {
    const shared = sharedPrefix(guess, value);
    number(shared);
    number(value.length - shared);
    pieces.push(value.slice(shared));
  };
  return {
    number,
    text,
    // One more than the value, so that zero is free to say "absent".
    optionalNumber: (value) => {
      number(value === undefined ? 0 : value + 1);
    },
    optionalText: (value, guess) => {
      number(value === undefined ? 0 : 1);
      if (value !== undefined) text(value, guess);
    },
    texts: (values) => {
      number(values.length);
      for (const value of values) text(value);
    },
    finish: () => ({ numbers: Buffer.from(bytes), text: Buffer.from(pieces.join('')) }),
  };
}

export function createFieldReader(numbers: Buffer, textBytes: Buffer): FieldReader {
  const source = textBytes.toString('utf8');
  let [numberAt, textAt] = [0, 0];
  const number = (): number => {
    const { value, next } = readVarint(numbers, numberAt);
    numberAt = next;
    return value;
  };
  const text = (guess = ''): string => {
    const [shared, length] = [number(), number()];
    const end = textAt + length;
    if (shared > guess.length || end > source.length) throw new Error('text runs past its end');
    const rest = source.slice(textAt, end);
    textAt = end;
    return guess.slice(0, shared) + rest;
  };
  const present = (): number | undefined => {
    const value = number();
    return value === 0 ? undefined : value - 1;
  };
  return {
    number,
    text,
    optionalNumber: present,
    optionalText: (guess) => (present() === undefined ? undefined : text(guess)),
    texts: () => {
      const count = number();
      // Each text takes two numbers, so a count beyond that is a lie that must not become an allocation.
      if (count > numbers.length) throw new Error('more texts than there is room for');
      return Array.from({ length: count }, () => text());
    },
    finish: () => {
      if (numberAt !== numbers.length || textAt !== source.length) throw new Error('fields are left over');
    },
  };
}

/** Seven bits to a byte, low ones first. Not with `>>`: times need more than 32 bits. */
export function pushVarint(bytes: number[], value: number): void {
  if (!Number.isSafeInteger(value) || value < 0) throw new RangeError(`not a whole number: ${value}`);
  let rest = value;
  for (; rest > 127; rest = Math.floor(rest / 128)) bytes.push((rest % 128) + 128);
  bytes.push(rest);
}

/** @throws Error when the number does not end, or is longer than a safe integer can be. */
export function readVarint(bytes: Buffer, at: number): { readonly value: number; readonly next: number } {
  let value = 0;
  for (let next = at, scale = 1; scale < 2 ** 53; scale *= 128) {
    const byte = bytes[next];
    if (byte === undefined) break;
    value += (byte % 128) * scale;
    next += 1;
    if (byte < 128) return { value, next };
  }
  throw new Error('number does not end');
}

function sharedPrefix(guess: string, value: string): number {
  const limit = Math.min(guess.length, value.length);
  let length = value.startsWith(guess) ? limit : 0;
  while (length < limit && guess.charCodeAt(length) === value.charCodeAt(length)) length += 1;
  // Half of a surrogate pair has no UTF-8 form: a cut must not fall between the two.
  return length > 0 && isHighSurrogate(guess.charCodeAt(length - 1)) ? length - 1 : length;
}

function isHighSurrogate(unit: number): boolean {
  return unit >= 0xd800 && unit <= 0xdbff;
}
