import { type Command, usage } from './command.ts';
import { ask } from './commands/ask.ts';
import { devnet } from './commands/devnet.ts';
import { doctor } from './commands/doctor.ts';
import { model } from './commands/model.ts';
import { node } from './commands/node.ts';
import { result } from './commands/result.ts';
import { status } from './commands/status.ts';
import { verify } from './commands/verify.ts';
import { why } from './commands/why.ts';
import { type Io, systemIo } from './io.ts';
import { EXIT, showError, toJson } from './output.ts';

const COMMANDS: readonly Command[] = [devnet, ask, status, result, verify, why, doctor, node, model];

const HELP = `quorate COMMAND [options]

${COMMANDS.map(({ name, summary }) => `  ${name.padEnd(8)} ${summary}`).join('\n')}

'quorate COMMAND --help' says more; '--json' works everywhere.
Exit codes: 0 ok, 1 refused or bad input, 2 usage, 3 not yet final, 4 unreachable or not well.`;

const find = (name: string): Command => {
  const command = COMMANDS.find((c) => c.name === name);
  if (command) return command;
  throw usage(`no command '${name}': there are ${COMMANDS.map((c) => c.name).join(', ')}`);
};

const showHelp = (io: Io, json: boolean, text: string): number => {
  io.out(json ? toJson({ help: text }) : text);
  return EXIT.ok;
};

/** The CLI as a function. @param args without node and script @returns the exit code; never throws */
export const main = async (args: readonly string[], io: Io): Promise<number> => {
  const json = args.includes('--json');
  try {
    const [name, ...rest] = args;
    if (name === undefined || name === '--help' || name === 'help') return showHelp(io, json, HELP);
    if (name === '--json' && rest.length === 0) throw usage('no command is given');
    const command = find(name);
    if (rest.includes('--help')) return showHelp(io, json, command.help);
    return await command.run(rest, io);
  } catch (error) {
    return showError(io, json, error);
  }
};

if (import.meta.main) {
  // A reader that has seen enough (`quorate node list | head -1`) closes the pipe: no fault of anybody.
  process.stdout.on('error', (error: NodeJS.ErrnoException) =>
    process.exit(error.code === 'EPIPE' ? EXIT.ok : EXIT.refused),
  );
  process.exitCode = await main(process.argv.slice(2), systemIo());
}
