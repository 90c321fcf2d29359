import { enableCompileCache } from 'node:module';

// Types are stripped and code compiled once, not at every start.
enableCompileCache();

const { run } = await import('./cli/run.ts');
process.exitCode = await run(process.argv);
