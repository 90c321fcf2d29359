import type { Command, Option } from 'commander';
import { CommandError, print } from './output.ts';
import { readConfig } from './read-config.ts';

const TIMEOUT_MS = 3_000;

/** `rolebridge healthcheck`: for containers without a shell or curl. */
export function addHealthcheckCommand(program: Command, configOption: () => Option): void {
  program
    .command('healthcheck')
    .description('ask the running bridge whether it is ready; exit code 1 when not')
    .addOption(configOption())
    .action(async ({ config }: { readonly config: string }) => {
      const { host, port } = readConfig(config).management;
      const url = `http://${host.includes(':') ? `[${host}]` : host}:${port}/health/ready`;
      const answer = await fetch(url, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(() => undefined);
      if (!answer?.ok) throw new CommandError('not ready');
      print('ready');
    });
}
