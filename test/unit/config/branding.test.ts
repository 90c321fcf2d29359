import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { accentShades, contrastOf } from '../../../src/config/accent.ts';
import { BASE, createConfigFolder } from './config-folder.ts';

const { write, findings, faultsOf, configOf, remove } = createConfigFolder();
afterAll(remove);

const PNG = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR4nGNgYGD4DwABBAEAX+XDSwAAAABJRU5ErkJggg==',
  'base64',
);
const branding = (text: string) => `${BASE}branding: { ${text} }\n`;
const LOGO = branding('logo: { file: logo }');

/** The content of an SVG of 16 × 16. */
const svg = (content: string, attributes = '') =>
  `<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" viewBox="0 0 16 16" ${attributes}>${content}</svg>`;

describe('the accent', () => {
  it.each([
    ['#000000', 21],
    ['#ffffff', 1],
    ['#767676', 4.54],
    ['#777777', 4.47],
    ['#ff0000', 3.99],
  ])('%s has a contrast of %f on white (WCAG 2.2)', (colour, contrast) => {
    expect(contrastOf(colour, '#ffffff')).toBeCloseTo(contrast, 1);
  });

  it('is the darker the lower its parts are', () => {
    const part = fc.integer({ min: 1, max: 255 });
    const contrastOnWhite = (colour: string) => contrastOf(colour, '#ffffff');
    const hex = (...parts: readonly number[]) =>
      `#${parts.map((value) => value.toString(16).padStart(2, '0')).join('')}`;
    fc.assert(
      fc.property(part, part, part, (r, g, b) => {
        expect(contrastOnWhite(hex(r - 1, g, b))).toBeGreaterThan(contrastOnWhite(hex(r, g, b)));
        expect(contrastOnWhite(hex(r, g, b))).toBeGreaterThanOrEqual(1);
      }),
    );
  });

  it.each(['#1F5fbf', '#767676'])('%s is taken', (accent) => {
    expect(configOf(branding(`accent: '${accent}', name: Acme`)).branding).toEqual({
      name: 'Acme',
      accent: { light: accent, dark: accentShades(accent).dark },
    });
  });

  it('is ours, for light and for dark, where none is named', () => {
    expect(configOf(BASE).branding.accent).toEqual({ light: '#3347b8', dark: '#7a87d1' });
  });

  it('that is too faint is refused, with its ratio, which is never rounded up to enough', () => {
    expect(findings(branding("accent: '#777777'"))).toMatchObject([
      {
        code: 'low-contrast',
        line: 3,
        column: 21,
        path: 'branding.accent',
        remedy: 'Choose a darker colour.',
      },
    ]);
    expect(findings(branding("accent: '#777777'"))[0]?.message).toContain('4.47:1');
  });

  it.each(['red', '#fff', '#1f5fbf80', '1f5fbf', '#1f5fbg', 'rgb(0,0,0)', '#000;}body{'])(
    '%s is no colour',
    (accent) => {
      expect(faultsOf(branding(`accent: '${accent}'`))).toEqual([
        expect.stringContaining('invalid-value branding.accent'),
      ]);
    },
  );
});

describe('the logo', () => {
  it('may be a PNG, whatever it is called', () => {
    write('logo', PNG);
    const { logo } = configOf(LOGO).branding;
    expect(logo?.mediaType).toBe('image/png');
    expect(Buffer.from(logo?.bytes ?? [])).toEqual(PNG);
  });

  it.each([
    ['plain shapes', svg('<g fill="none"><path d="M0 0h16v16z" stroke="#1f5fbf"/></g>')],
    [
      'a declaration and a comment',
      `<?xml version="1.0" encoding="UTF-8"?>\n<!-- drawn by hand -->${svg('<circle r="8"/>')}`,
    ],
    [
      'a gradient of its own',
      svg('<linearGradient id="a"><stop/></linearGradient><path fill="url(#a)" d="M0 0"/>'),
    ],
    [
      'a shape that is used twice',
      svg('<path id="a" d="M0 0"/><use href="#a"/><use xlink:href="#a" x="8"/>'),
    ],
    ['a style', svg('<style>.a{fill:#123456;mask:url("#m")}</style><path class="a" d="M0 0"/>')],
    ['text', svg('<title>Acme</title><text>Acme &amp; Sons</text>')],
  ])('may be an SVG of %s', (_title, content) => {
    write('logo', content);
    expect(configOf(LOGO).branding.logo?.mediaType).toBe('image/svg+xml');
  });

  it.each([
    ['a script', svg('<script>alert(1)</script>')],
    ['a script by another prefix', '<x:svg xmlns:x="http://www.w3.org/2000/svg"><x:script/></x:svg>'],
    ['foreign HTML', svg('<foreignObject><body xmlns="http://www.w3.org/1999/xhtml"/></foreignObject>')],
    ['an HTML element', svg('<iframe xmlns="http://www.w3.org/1999/xhtml" src="/"/>')],
    ['an HTML style', svg('<style xmlns="http://www.w3.org/1999/xhtml">a{}</style>')],
    ['a handler', svg('<path d="M0 0"/>', 'onload="alert(1)"')],
    ['a handler in capitals', svg('<path d="M0 0" OnClick="alert(1)"/>')],
    ['a link', svg('<a href="#x"><path d="M0 0"/></a>')],
    ['an image from elsewhere', svg('<image href="https://evil.example/pixel"/>')],
    ['a shape from elsewhere', svg('<use xlink:href="https://evil.example/a.svg#a"/>')],
    ['a shape that is data', svg('<use href="data:image/svg+xml,x#a"/>')],
    ['a fill from elsewhere', svg('<path fill="url(https://evil.example/a#b)" d="M0 0"/>')],
    ['a quoted fill from elsewhere', svg(`<path fill="url( 'https://evil.example/a#b')" d="M0 0"/>`)],
    ['a style that imports', svg('<style>@import "https://evil.example/a.css";</style>')],
    ['a style that loads', svg('<style>path{fill:url(//evil.example/a)}</style>')],
    ['a style that hides what it loads', svg('<style>path{fill:u\\72l(//evil.example/a)}</style>')],
    [
      'a style attribute that loads',
      svg('<path style="mask-image:image-set(\'//evil.example/a\' 1x)" d="M0 0"/>'),
    ],
    [
      'a value that changes',
      svg('<path d="M0 0"><animate attributeName="href" to="javascript:alert(1)"/></path>'),
    ],
    ['a style sheet', `<?xml-stylesheet href="https://evil.example/a.css"?>${svg('')}`],
    ['an entity', `<!DOCTYPE svg [<!ENTITY a SYSTEM "file:///etc/passwd">]>${svg('&a;')}`],
    ['broken XML', '<svg xmlns="http://www.w3.org/2000/svg"><path></svg>'],
    ['no SVG', '<html xmlns="http://www.w3.org/1999/xhtml"/>'],
    ['an SVG without namespace', '<svg/>'],
    ['a JPEG', Uint8Array.of(0xff, 0xd8, 0xff, 0xe0)],
    ['text', 'Acme'],
    ['nothing', ''],
    ['more than 20 kB', svg(' '.repeat(20_000))],
    ['a PNG of more than 20 kB', Buffer.concat([PNG, Buffer.alloc(20_000)])],
  ])('must not be %s', (_title, content) => {
    write('logo', content);
    expect(faultsOf(LOGO)).toEqual(['3:27 malformed-logo branding.logo.file']);
  });

  it('must be there', () => {
    const [fault] = findings(branding('logo: { file: gone.svg }'));
    expect(fault?.code).toBe('malformed-logo');
    expect(fault?.message).toContain('does not exist');
    expect(fault?.remedy).toContain('20 kB');
  });

  it('is read, or refused, whatever bytes it has', () => {
    fc.assert(
      fc.property(
        fc.oneof(
          fc.uint8Array({ maxLength: 200 }),
          fc.string().map((text) => svg(text)),
        ),
        (bytes) => {
          write('logo', bytes);
          expect(faultsOf(LOGO).length).toBeLessThanOrEqual(1);
        },
      ),
      { numRuns: 50 },
    );
  });
});
