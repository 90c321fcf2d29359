import type { Command, Option } from 'commander';
import { rotateMasterKeyFile } from '../keys/master-key.ts';
import { CommandError, print } from './output.ts';
import { readConfig } from './read-config.ts';

/** `rolebridge master-key rotate`. */
export function addMasterKeyCommand(program: Command, configOption: () => Option): void {
  program
    .command('master-key')
    .description('the key ring that seals secrets at rest')
    .command('rotate')
    .description('put a new key first; old ones go on opening what they sealed')
    .addOption(configOption())
    .action(({ config }: { readonly config: string }) => {
      const { masterKey } = readConfig(config);
      if (masterKey.kind !== 'file')
        throw new CommandError(
          'The master key comes from the environment: put a new kid:base64 entry in front of it there.',
        );
      const id = rotateMasterKeyFile(masterKey.path);
      print(`key ${id} is first now; send SIGHUP to running bridges`);
    });
}
