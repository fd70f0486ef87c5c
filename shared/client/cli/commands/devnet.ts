import { type Command, usage } from '../command.ts';
import { homeOf } from '../config.ts';
import { showError } from '../output.ts';

const SCRIPT = 'infra/local/main.ts';

const help = `quorate devnet [options]      the same as 'npm start -- [options]'

Brings up a chain, the contract, bonded nodes and the API in one process on this machine,
asks one query, and keeps serving until it is stopped.

  --exit            stop after the answer; exit code 0 only when it was verified
  --fault NAME      play one fault: copy-commit, wrong-result, late-reveal, no-reveal, dead-worker, lying-rpc
  --image FILE      ask about this image
  --serve-only      bring everything up and ask nothing
  --data DIR        where everything lives (default: QUORATE_HOME, or .quorate)
  --port N          API port (0: any)
  --rpc-port N      RPC port of the chain (0: any)
  --json            its output goes to stderr; {"exitCode": N} to stdout at the end`;

/** Options belong to infra/local, which checks them: here they are only handed on. */
export const devnet: Command = {
  name: 'devnet',
  summary: 'run a chain, nodes and API on this machine',
  help,
  run: async (args, io) => {
    const json = args.includes('--json');
    const options = args.filter((arg) => arg !== '--json');
    const hasData = options.some((arg) => arg === '--data' || arg.startsWith('--data='));
    const data = hasData ? [] : ['--data', homeOf(io, {})];
    const code = await io.run(SCRIPT, [...options, ...data], json);
    // Options that infra/local does not know end it with 2, as they end us; it has said why already.
    if (json && code === 2)
      return showError(io, json, usage('the devnet refused its options', "See 'quorate devnet --help'."));
    if (json) io.out(JSON.stringify({ exitCode: code }));
    return code;
  },
};
