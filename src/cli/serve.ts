import type { Command, Option } from 'commander';
import { ConfigurationError, startBridge, type Bridge } from '../app.ts';
import { CommandError, complain } from './output.ts';
import { formatFaults } from './validate.ts';

/** `rolebridge serve`: runs until SIGTERM or SIGINT; SIGHUP reloads the configuration. */
export function addServeCommand(program: Command, configOption: () => Option): void {
  program
    .command('serve')
    .description('run the bridge')
    .addOption(configOption())
    .action(async ({ config }: { readonly config: string }) => {
      const bridge = await start(config, program.version() ?? '');
      complain(`Rolebridge answers at ${bridge.addresses.public}`);
      process.on('SIGHUP', () => void bridge.reload());
      await new Promise((resolve) => process.once('SIGTERM', resolve).once('SIGINT', resolve));
      await bridge.close();
    });
}

async function start(configPath: string, version: string): Promise<Bridge> {
  try {
    return await startBridge({ configPath, env: process.env, version });
  } catch (error) {
    if (error instanceof ConfigurationError) throw new CommandError(formatFaults(error.faults));
    throw new CommandError(error instanceof Error ? error.message : String(error));
  }
}
