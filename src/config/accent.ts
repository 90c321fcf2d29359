/** The two shades of one accent colour: buttons and links on light, links on dark. `#rrggbb` each. */
export type AccentShades = { readonly light: string; readonly dark: string };

/** The ground of cards in dark mode, as in `views/assets/style.css`; the page behind it is darker still. */
export const DARK_GROUND = '#1b1f27';
/** WCAG 2.2, 1.4.3. */
export const MIN_CONTRAST = 4.5;
const STEPS = 20;

type Rgb = readonly [number, number, number];

/** An accent that reads well on white, and as much lighter a one as reads well on our dark ground. */
export function accentShades(accent: string): AccentShades {
  const color = parseColor(accent);
  for (let step = 0; step < STEPS; step += 1) {
    const dark = formatColor(towardsWhite(color, step / STEPS));
    if (contrastOf(dark, DARK_GROUND) >= MIN_CONTRAST) return { light: accent, dark };
  }
  return { light: accent, dark: '#ffffff' };
}

/** How well two `#rrggbb` stand out from one another, 1 to 21. @see WCAG 2.2, contrast ratio */
export function contrastOf(one: string, other: string): number {
  const [darker = 0, lighter = 0] = [one, other]
    .map((color) => luminanceOf(parseColor(color)))
    .toSorted((a, b) => a - b);
  return (lighter + 0.05) / (darker + 0.05);
}

function parseColor(text: string): Rgb {
  const [red = 0, green = 0, blue = 0] = [1, 3, 5].map((at) => Number.parseInt(text.slice(at, at + 2), 16));
  return [red, green, blue];
}

function formatColor(color: Rgb): string {
  return `#${color.map((part) => part.toString(16).padStart(2, '0')).join('')}`;
}

function towardsWhite([red, green, blue]: Rgb, share: number): Rgb {
  const lighten = (part: number): number => Math.round(part + (255 - part) * share);
  return [lighten(red), lighten(green), lighten(blue)];
}

function luminanceOf(color: Rgb): number {
  const [red = 0, green = 0, blue = 0] = color.map((part) => {
    const share = part / 255;
    return share <= 0.040_45 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
}
