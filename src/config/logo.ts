import { DOMParser } from '@xmldom/xmldom';
import type { Branding } from './config.ts';

type Logo = NonNullable<Branding['logo']>;

const PNG = [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a];
const SVG_NAMESPACE = 'http://www.w3.org/2000/svg';

/** Drawing and text, by name: what is not here may run, load or animate. */
const DRAWING = new Set(
  (
    'svg g defs title desc metadata style symbol use path rect circle ellipse line polyline polygon text tspan textPath ' +
    'linearGradient radialGradient stop clipPath mask pattern marker filter feBlend feColorMatrix feComponentTransfer ' +
    'feComposite feDropShadow feFlood feFuncA feFuncB feFuncG feFuncR feGaussianBlur feMerge feMergeNode feOffset'
  ).split(' '),
);

/** A logo by what it is, whatever its file is called; or in a few words why it is none. */
export function parseLogo(bytes: Uint8Array): Logo | { readonly problem: string } {
  if (PNG.every((byte, index) => bytes[index] === byte)) return { mediaType: 'image/png', bytes };
  const problem = problemOfSvg(bytes);
  return problem === undefined ? { mediaType: 'image/svg+xml', bytes } : { problem };
}

// Opened on its own, an SVG is a document of our origin, and what it runs runs as us.
function problemOfSvg(bytes: Uint8Array): string | undefined {
  const root = parseSvg(bytes);
  if (typeof root === 'string') return root;
  const elements = [root, ...Array.from(root.getElementsByTagName('*'))];
  const [problem] = elements.flatMap((element) => problemOf(element) ?? []);
  return problem;
}

function parseSvg(bytes: Uint8Array): Element | string {
  const text = decode(bytes);
  if (text === undefined || !text.trimStart().startsWith('<')) return 'it is neither PNG nor SVG';
  // Entities and style sheets stand before the root, where no element shows them.
  if (/<!DOCTYPE|<!ENTITY|<\?(?!xml\s)/i.test(text)) return 'it has a DOCTYPE or a processing instruction';
  try {
    const root = new DOMParser({ errorHandler: refuse }).parseFromString(text, 'text/xml').documentElement;
    return root.localName === 'svg' && root.namespaceURI === SVG_NAMESPACE ? root : 'its root is no SVG';
  } catch {
    return 'it is not well-formed XML';
  }
}

function decode(bytes: Uint8Array): string | undefined {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    return undefined;
  }
}

function refuse(_level: string, message: unknown): void {
  throw new Error(String(message));
}

function problemOf(element: Element): string | undefined {
  const { localName, namespaceURI } = element;
  if (namespaceURI !== SVG_NAMESPACE || !DRAWING.has(localName))
    return `it has an element <${localName.slice(0, 40)}>, which is no drawing`;
  if (localName === 'style' && reachesOut(element.textContent))
    return 'its style loads something from outside';
  return Array.from(element.attributes).map(problemOfAttribute).find(Boolean);
}

function problemOfAttribute({ localName, namespaceURI, value }: Attr): string | undefined {
  if (namespaceURI === 'http://www.w3.org/2000/xmlns/') return undefined;
  if (/^on/i.test(localName)) return `it has a script in ${localName.slice(0, 40)}`;
  if (/^(?:href|src)$/i.test(localName) && !value.startsWith('#'))
    return `its ${localName} leads outside the file`;
  return reachesOut(value) ? `its ${localName.slice(0, 40)} loads something from outside` : undefined;
}

// A backslash can spell any of these words.
function reachesOut(css: string): boolean {
  return /@|\\|url\(\s*["']?(?!["'#\s])|(?:image|image-set|src|element)\(|javascript:/i.test(css);
}
