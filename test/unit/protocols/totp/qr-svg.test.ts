import { encodeQR } from 'qr';
import { describe, expect, it } from 'vitest';
import { renderQrSvg } from '../../../../src/protocols/totp/qr-svg.ts';
import { renderTotpUri } from '../../../../src/protocols/totp/totp-uri.ts';

const uri = renderTotpUri({
  issuer: 'Acme',
  account: 'alice@acme.example',
  secret: 'GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ',
});

/** The modules that the strokes of an SVG darken. */
function modulesOf(svg: string, size: number): readonly boolean[][] {
  const rows = Array.from({ length: size }, () => Array.from({ length: size }, () => false));
  for (const [, x, y, length] of svg.matchAll(/M(\d+) (\d+)h(\d+)/g))
    for (let dark = 0; dark < Number(length); dark++) {
      const row = rows[Number(y)];
      if (row) row[Number(x) + dark] = true;
    }
  return rows;
}

describe('a QR code as SVG', () => {
  it('has the modules of the code, with four of quiet around (ISO/IEC 18004 5.3.8)', () => {
    const wanted = encodeQR(uri, 'raw', { ecc: 'medium', border: 4 });
    expect(modulesOf(renderQrSvg(uri), wanted.length)).toEqual(wanted);
  });

  it('is small, and has neither style nor script, which no page of ours lets through', () => {
    const svg = renderQrSvg(uri);
    expect(svg.length).toBeLessThan(12_000);
    expect(svg).toMatch(/^<svg [^<>]*><path [^<>]*\/><path [^<>]*\/><\/svg>$/);
    expect(svg).not.toMatch(/style|script|on\w+=/);
  });
});
