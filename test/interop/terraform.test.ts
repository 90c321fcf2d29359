import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startDemoWorld, type DemoWorld } from '../support/demo-world.ts';
import { announceMissing, requireProgram, runClient } from '../support/foreign-client.ts';

const TESTS = 'the tests of Terraform are';
/** The provider weighs hundreds of megabytes: it is never fetched for a test. */
const PLUGINS = process.env['TERRAFORM_PLUGIN_DIR'];
const terraform = requireProgram('terraform', TESTS);
if (terraform !== undefined && PLUGINS === undefined)
  announceMissing('TERRAFORM_PLUGIN_DIR names no folder with the provider hashicorp/aws', TESTS);

const program = (endpoint: string) => `
terraform {
  required_providers { aws = { source = "hashicorp/aws" } }
}
provider "aws" {
  region                      = "us-east-1"
  skip_metadata_api_check     = true
  skip_region_validation      = true
  endpoints { sts = "${endpoint}" }
}
data "aws_caller_identity" "me" {}
output "arn" { value = data.aws_caller_identity.me.arn }
`;

describe.skipIf(terraform === undefined || PLUGINS === undefined)('Terraform', () => {
  const timeoutMs = 240_000;
  let world: DemoWorld;
  let folder: string;
  beforeAll(async () => {
    world = await startDemoWorld();
    folder = mkdtempSync(join(tmpdir(), 'rolebridge-terraform-'));
    writeFileSync(join(folder, 'main.tf'), program(world.bridge.url));
  });
  afterAll(async () => {
    await world.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  const run = async (query: string, ...args: readonly string[]) => {
    const env = {
      ...(await world.environment('deploy', query)),
      TF_IN_AUTOMATION: '1',
      CHECKPOINT_DISABLE: '1',
    };
    return runClient([terraform ?? '', ...args, '-no-color', '-input=false'], {
      env,
      cwd: folder,
      timeoutMs,
    });
  };

  it(
    'finds in its data source who the token made it, and is refused with another branch',
    { timeout: 2 * timeoutMs },
    async () => {
      const main = 'github/token?repository=acme/app&ref=refs/heads/main';
      const init = await run(main, 'init', `-plugin-dir=${PLUGINS ?? ''}`);
      expect(init).toMatchObject({ code: 0 });
      const applied = await run(main, 'apply', '-auto-approve');
      expect(applied).toMatchObject({ code: 0 });
      expect(applied.stdout).toMatch(/arn = "arn:aws:sts::123456789012:assumed-role\/deploy\//);
      const refused = await run('github/token?repository=acme/app&ref=refs/heads/feature', 'plan');
      expect(refused.code).toBe(1);
      expect(refused.stderr).toContain('AccessDenied');
    },
  );
});
