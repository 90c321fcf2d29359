import { isAlias, isMap, isNode, isScalar, isSeq, LineCounter, parseDocument, visit } from 'yaml';
import type { Document, ErrorCode, Node, Pair } from 'yaml';
import type { Path } from './fault.ts';

type Position = { readonly line: number; readonly column: number };

type SyntaxFault = Position & {
  readonly code: 'yaml-syntax' | 'duplicate-key';
  readonly message: string;
};

/** A configuration text that was read: its plain value, and where each part of it stands. */
export type SourceDocument = {
  /** `undefined` where the text is too broken to be read. */
  readonly value: unknown;
  readonly faults: readonly SyntaxFault[];
  /** Of the value at `path`, or of the deepest part of it that is there. */
  readonly locate: (path: Path) => Position;
  /** Of the key itself. */
  readonly locateKey: (path: Path) => Position;
};

// Enough for anchors that people write; a "billion laughs" file expands to far more.
const MAX_ALIASES = 1_000;
// One missing bracket can be followed by a fault per line.
const MAX_FAULTS = 100;

type Reading = { readonly document: Document.Parsed; readonly lines: LineCounter };

/** Reads YAML 1.2, of which JSON is a part. Never throws. */
export function readSourceDocument(text: string): SourceDocument {
  const lines = new LineCounter();
  try {
    const document = parseDocument(text, { lineCounter: lines, prettyErrors: false, merge: false });
    return describe({ document, lines });
  } catch (cause) {
    // The composer recurses, so thousands of nested brackets end its stack.
    return unreadable(cause instanceof Error ? cause.message : 'it cannot be parsed');
  }
}

function unreadable(message: string): SourceDocument {
  const start = () => ({ line: 1, column: 1 });
  const fault = { ...start(), code: 'yaml-syntax' as const, message };
  return { value: undefined, faults: [fault], locate: start, locateKey: start };
}

function describe(reading: Reading): SourceDocument {
  const faults = [...syntaxFaults(reading), ...forbiddenKeys(reading)].slice(0, MAX_FAULTS);
  const isReadable = faults.every(({ code }) => code === 'duplicate-key');
  return {
    value: isReadable ? reading.document.toJS({ maxAliasCount: MAX_ALIASES }) : undefined,
    faults,
    locate: (path) => position(reading, offsetOf(reading, path)),
    locateKey: (path) => position(reading, keyOffsetOf(reading, path)),
  };
}

function syntaxFaults({ document, lines }: Reading): SyntaxFault[] {
  return document.errors.map(({ code, message, pos }) => ({
    ...atLine(lines, pos[0]),
    code: faultCode(code),
    message: message.split('\n', 1)[0] ?? message,
  }));
}

function faultCode(code: ErrorCode): SyntaxFault['code'] {
  return code === 'DUPLICATE_KEY' ? 'duplicate-key' : 'yaml-syntax';
}

// A `__proto__` key would vanish in some readers of the value and not in others.
function forbiddenKeys({ document, lines }: Reading): SyntaxFault[] {
  const found: SyntaxFault[] = [];
  visit(document, {
    Pair(_index, { key }) {
      if (!isScalar(key) || key.value !== '__proto__') return;
      found.push({
        ...atLine(lines, key.range?.[0] ?? 0),
        code: 'yaml-syntax',
        message: 'This key is not allowed.',
      });
    },
  });
  return found;
}

function atLine(lines: LineCounter, offset: number): Position {
  const { line, col } = lines.linePos(offset);
  return { line: Math.max(line, 1), column: Math.max(col, 1) };
}

function position({ lines }: Reading, offset: number): Position {
  return atLine(lines, offset);
}

function resolved({ document }: Reading, node: unknown): Node | undefined {
  const target = isAlias(node) ? node.resolve(document) : node;
  return isNode(target) ? target : undefined;
}

function pairOf(node: Node | undefined, step: string | number): Pair | undefined {
  if (!isMap(node)) return undefined;
  return node.items.find(({ key }) => isScalar(key) && String(key.value) === String(step));
}

function childOf(reading: Reading, node: Node | undefined, step: string | number): Node | undefined {
  if (isSeq(node)) return typeof step === 'number' ? resolved(reading, node.items[step]) : undefined;
  return resolved(reading, pairOf(node, step)?.value);
}

function walk(reading: Reading, path: Path): { readonly node: Node | undefined; readonly complete: boolean } {
  let node = resolved(reading, reading.document.contents);
  for (const step of path) {
    const child = childOf(reading, node, step);
    if (child === undefined) return { node, complete: false };
    node = child;
  }
  return { node, complete: true };
}

function offsetOf(reading: Reading, path: Path): number {
  return walk(reading, path).node?.range?.[0] ?? 0;
}

function keyOffsetOf(reading: Reading, path: Path): number {
  const parent = walk(reading, path.slice(0, -1));
  const key = parent.complete ? pairOf(parent.node, path.at(-1) ?? '')?.key : undefined;
  return isScalar(key) ? (key.range?.[0] ?? 0) : offsetOf(reading, path);
}
