import { parseArgs } from 'node:util';
import { BadInputError } from '../../shared/errors.ts';
import { ISOLATIONS, type Isolation } from '../../workers/inference/worker-host.ts';
import { FAULT_NAMES, type FaultName } from './faults/names.ts';
import { CHAINS, type ChainKind } from './settings.ts';

export interface Options {
  /** Stop after the answer (or the fault's outcome). */
  readonly exit: boolean;
  /** Serve without asking anything. */
  readonly serveOnly: boolean;
  readonly fault: FaultName | undefined;
  readonly chainKind: ChainKind;
  /** Of each node's workers. */
  readonly isolation: Isolation;
  readonly dataDir: string;
  /** 0: any free port. */
  readonly apiPort: number;
  readonly rpcPort: number;
  readonly imagePath: string | undefined;
  readonly help: boolean;
}

export const USAGE = `npm start -- [options]

  --exit            stop after the answer; exit code 0 only when it was verified
  --fault NAME      play one fault of the menu: ${FAULT_NAMES.join(', ')}
  --chain KIND      devchain (embedded, the default) or wasmd (two real nodes of wasmd v0.61.14, built on first use)
  --workers KIND    threads of this process (the default) or processes of their own, linked over gRPC
  --image FILE      ask about this image instead of the one that ships with the project
  --serve-only      bring everything up and ask nothing
  --data DIR        where chain, store, blobs and keys live (default .quorate; faults use a folder of their own in it)
  --port N          API port (default 8642, 0: any)
  --rpc-port N      RPC port of the devchain (default 26657, 0: any)
  --help            this text
`;

const port = (name: string, text: string): number => {
  const value = Number(text);
  if (Number.isInteger(value) && value >= 0 && value <= 65_535) return value;
  throw new BadInputError('bad-port', `--${name} takes 0 to 65535, received '${text}'`, { next: 'see --help' });
};

const isFault = (name: string): name is FaultName => (FAULT_NAMES as readonly string[]).includes(name);

const isChain = (kind: string): kind is ChainKind => Object.hasOwn(CHAINS, kind);

const isolation = (kind: string): Isolation => {
  const found = ISOLATIONS.find((known) => known === kind);
  if (found) return found;
  throw new BadInputError('unknown-workers', `no workers of kind '${kind}': there are ${ISOLATIONS.join(', ')}`, {
    next: 'take one of these',
  });
};

const chainKind = (kind: string, fault: string | undefined): ChainKind => {
  if (!isChain(kind)) {
    const allowed = Object.keys(CHAINS).join(', ');
    throw new BadInputError('unknown-chain', `no chain '${kind}': there are ${allowed}`, { next: 'take one of these' });
  }
  if (kind === 'wasmd' && fault !== undefined) {
    throw new BadInputError('fault-needs-devchain', 'faults are played on the embedded chain only', {
      next: 'leave out --chain wasmd or --fault',
    });
  }
  return kind;
};

/** @throws {BadInputError} saying what was received and what is allowed */
export const readOptions = (args: readonly string[]): Options => {
  let values: ReturnType<typeof parse>['values'];
  try {
    ({ values } = parse(args));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message.split('\n')[0] : String(cause);
    throw new BadInputError('bad-option', reason ?? 'unknown option', { next: 'see npm start -- --help' });
  }
  const { fault } = values;
  if (fault !== undefined && !isFault(fault)) {
    throw new BadInputError('unknown-fault', `no fault '${fault}': the menu has ${FAULT_NAMES.join(', ')}`, {
      next: 'take one of these names',
    });
  }
  return {
    exit: values.exit,
    serveOnly: values['serve-only'],
    fault,
    chainKind: chainKind(values.chain, fault),
    isolation: isolation(values.workers),
    dataDir: values.data,
    apiPort: port('port', values.port),
    rpcPort: port('rpc-port', values['rpc-port']),
    imagePath: values.image,
    help: values.help,
  };
};

const parse = (args: readonly string[]) =>
  parseArgs({
    args: [...args],
    options: {
      exit: { type: 'boolean', default: false },
      'serve-only': { type: 'boolean', default: false },
      fault: { type: 'string' },
      chain: { type: 'string', default: 'devchain' },
      workers: { type: 'string', default: 'threads' },
      data: { type: 'string', default: '.quorate' },
      port: { type: 'string', default: '8642' },
      'rpc-port': { type: 'string', default: '26657' },
      image: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
