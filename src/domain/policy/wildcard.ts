/** Text of a pattern. In a literal part `*` and `?` stand for themselves. */
export type GlobPart = { readonly kind: 'text' | 'literal'; readonly text: string };

/** What stands between two `*`: literal runs in order, and `''` for each `?`. */
type Segment = readonly string[];

/** A compiled pattern: `*` is any run of characters including none, `?` exactly one character. */
export type Glob = {
  readonly segments: readonly [Segment, ...Segment[]];
  /** Set where the pattern holds no wildcard at all. */
  readonly exact?: string;
};

const ANY_ONE = '';

/** Compiles a pattern once, so that matching neither parses nor backtracks (wire-spec 6.2). */
export function compileGlob(parts: readonly GlobPart[]): Glob {
  const first: string[] = [];
  const rest: string[][] = [];
  let run = '';
  let segment = first;
  for (const { kind, text } of parts) {
    let start = 0;
    for (
      let index = nextWildcard(text, kind, 0);
      index < text.length;
      index = nextWildcard(text, kind, start)
    ) {
      run += text.slice(start, index);
      if (run !== '') segment.push(run);
      run = '';
      start = index + 1;
      if (text[index] === '?') segment.push(ANY_ONE);
      else segment = openSegment(segment, rest);
    }
    run += text.slice(start);
  }
  if (segment === first && first.length === 0) return { segments: [[run]], exact: run };
  if (run !== '') segment.push(run);
  return { segments: [first, ...rest] };
}

/** Compares in time bounded by pattern length × text length: each segment takes its leftmost place and never moves again. */
export function matchesGlob(glob: Glob, text: string): boolean {
  if (glob.exact !== undefined) return glob.exact === text;
  const { segments } = glob;
  const [first] = segments;
  const last = segments[segments.length - 1] ?? first;
  let position = endOfMatch(first, text, 0);
  if (segments.length === 1) return position === text.length;
  const limit = startOfMatch(last, text);
  for (let index = 1; index < segments.length - 1 && position >= 0; index += 1) {
    position = search(segments[index] ?? [], text, { from: position, limit });
  }
  return position >= 0 && position <= limit;
}

/** Index of the next `*` or `?`, or the text's length. */
function nextWildcard(text: string, kind: GlobPart['kind'], from: number): number {
  if (kind === 'literal') return text.length;
  let index = from;
  while (index < text.length && text[index] !== '*' && text[index] !== '?') index += 1;
  return index;
}

/** `**` is `*`: an empty segment between two stars would only cost time. */
function openSegment(current: string[], rest: string[][]): string[] {
  if (current.length === 0 && rest.length > 0) return current;
  const segment: string[] = [];
  rest.push(segment);
  return segment;
}

/** Where the segment ends when it begins at `from`, or -1. */
function endOfMatch(segment: Segment, text: string, from: number): number {
  let position = from;
  for (const run of segment) {
    if (run === ANY_ONE) {
      if (position >= text.length) return -1;
      position += isSurrogatePair(text, position) ? 2 : 1;
    } else {
      if (!text.startsWith(run, position)) return -1;
      position += run.length;
    }
  }
  return position;
}

/** Where the segment begins when it ends with the text, or -1. */
function startOfMatch(segment: Segment, text: string): number {
  let position = text.length;
  for (let index = segment.length - 1; index >= 0; index -= 1) {
    const run = segment[index] ?? ANY_ONE;
    if (run === ANY_ONE) {
      position -= isSurrogatePair(text, position - 2) ? 2 : 1;
      if (position < 0) return -1;
    } else {
      if (!text.endsWith(run, position)) return -1;
      position -= run.length;
    }
  }
  return position;
}

/** End of the leftmost match at or after `from`, or -1; a later one cannot help, as what follows may begin anywhere behind it. */
function search(segment: Segment, text: string, { from, limit }: { from: number; limit: number }): number {
  const [only] = segment;
  if (segment.length === 1 && only !== undefined && only !== ANY_ONE) {
    const found = text.indexOf(only, from);
    return found < 0 ? -1 : found + only.length;
  }
  for (let start = from; start <= limit; start += 1) {
    const end = endOfMatch(segment, text, start);
    if (end >= 0) return end;
  }
  return -1;
}

/** `?` is one character of the text, not half of an emoji. */
function isSurrogatePair(text: string, index: number): boolean {
  return (text.codePointAt(index) ?? 0) > 0xffff;
}
