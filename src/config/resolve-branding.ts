import { accentShades, contrastOf, MIN_CONTRAST } from './accent.ts';
import type { Branding } from './config.ts';
import { parseLogo } from './logo.ts';
import { reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';
import type { ConfigFile } from './schema.ts';

type BrandingEntry = ConfigFile['branding'];

/** Every page carries it. */
const MAX_LOGO_BYTES = 20_000;

/** How the pages look; a colour that is hard to read and a logo that could run are faults. */
export function resolveBranding(
  { name, accent, logo: file }: BrandingEntry,
  resolution: Resolution,
): Branding {
  reportFaintAccent(accent, resolution);
  const logo = file && readLogo(file.file, resolution);
  return { name, accent: accentShades(accent), ...(logo !== undefined && { logo }) };
}

function reportFaintAccent(accent: string, resolution: Resolution): void {
  const contrast = contrastOf(accent, '#ffffff');
  if (contrast >= MIN_CONTRAST) return;
  // Rounded down: 4.499 must not read as enough.
  const ratio = (Math.floor(contrast * 100) / 100).toFixed(2);
  reportError(resolution, 'low-contrast', ['branding', 'accent'], {
    message: `The contrast of this colour on white is ${ratio}:1; text needs ${MIN_CONTRAST}:1 (WCAG 2.2, 1.4.3).`,
    remedy: 'Choose a darker colour.',
  });
}

function readLogo(path: string, resolution: Resolution): Branding['logo'] {
  const read = resolution.readBytes(path, MAX_LOGO_BYTES);
  const logo = 'bytes' in read ? parseLogo(read.bytes) : read;
  if (!('problem' in logo)) return logo;
  reportError(resolution, 'malformed-logo', ['branding', 'logo', 'file'], {
    message: `The logo cannot be used: ${logo.problem}.`,
    remedy:
      'Save it as PNG or as plain SVG of at most 20 kB, without scripts and without references to other files.',
  });
  return undefined;
}
