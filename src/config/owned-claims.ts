import { PROTOCOL_CLAIMS } from '../domain/application/mapped-claims.ts';
import type { Path } from './fault.ts';
import { reportError } from './resolution.ts';
import type { Resolution } from './resolution.ts';

/** Reports names of a mapping that tokens already have a meaning for. */
export function reportOwnedClaims(
  claims: Readonly<Record<string, string>>,
  path: Path,
  resolution: Resolution,
): void {
  for (const name of Object.keys(claims).filter((claim) => PROTOCOL_CLAIMS.has(claim))) {
    reportError(resolution, 'reserved-claim', [...path, name], {
      message: `The claim ${name} is set by the bridge itself.`,
      remedy: 'Give it another name.',
    });
  }
}
