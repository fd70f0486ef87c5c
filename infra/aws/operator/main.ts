import { type Io, systemIo } from '../../../shared/client/cli/io.ts';
import { EXIT, showError } from '../../../shared/client/cli/output.ts';
import { BadInputError } from '../../../shared/errors.ts';
import { COMMANDS } from './commands.ts';

const width = Math.max(...Object.values(COMMANDS).map(({ usage }) => usage.length));
const HELP = `npm run cloud -- COMMAND

${Object.values(COMMANDS)
  .map(({ usage, summary }) => `  ${usage.padEnd(width)}  ${summary}`)
  .join('\n')}

What an operator does around 'npx cdk deploy' (docs/deploy.md). AWS credentials and region come from the environment, as for any AWS
tool; wallets are opened with QUORATE_PASSWORD.`;

/** @param args without node and script @returns the exit code; never throws */
export const main = async ([name, ...args]: readonly string[], io: Io): Promise<number> => {
  if (name === undefined || name === '--help' || args.includes('--help')) {
    io.out(HELP);
    return EXIT.ok;
  }
  try {
    const command = COMMANDS[name];
    if (command) return await command.run(args, io);
    const next = `There are ${Object.keys(COMMANDS).join(', ')}.`;
    throw new BadInputError('usage', `no command '${name}'`, { next });
  } catch (error) {
    return showError(io, args.includes('--json'), error);
  }
};

if (import.meta.main) process.exitCode = await main(process.argv.slice(2), systemIo());
