import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { QuorateError } from '../../shared/errors.ts';
import { createLogger } from '../../shared/log.ts';
import { type PlayedEdge, playEdge } from './faults/edge.ts';
import { isEdge } from './faults/names.ts';
import { DOCUMENTED, outcomeOf } from './faults/outcomes.ts';
import { armLie, faultOptions, playRogue, SUSPECT } from './faults/play.ts';
import { type House, openHouse } from './house.ts';
import { ask, follow, showAnswer } from './main-job.ts';
import { type Options, readOptions, USAGE } from './options.ts';
import { createSay, type Say } from './say.ts';
import { DEVNET } from './settings.ts';

/** `npm start`: brings the whole house up, asks one query, tells what happens, and serves on. */

const NEXT = `
try next:
  npm run quorate -- ask workers/inference/testdata/invoice.png --wait
  npm run quorate -- status 1            npm run quorate -- why 1
  npm run quorate -- verify .quorate/receipt-1.json
  npm run quorate -- node list           npm run quorate -- doctor
  npm start -- --fault copy-commit --exit
stop with Ctrl-C`;

const run = async (options: Options, stopping: AbortSignal): Promise<number> => {
  const write = (line: string): void => void process.stdout.write(`${line}\n`);
  const say = createSay(systemClock, write);
  const level = process.env.QUORATE_LOG === 'debug' ? 'debug' : 'error';
  const log = createLogger({ clock: systemClock, sink: (line) => void process.stderr.write(`${line}\n`), level });
  const { fault, chainKind } = options;
  const dataDir = folderOf(options);
  // A fault is played, and wasmd's chain begun, from nothing.
  if (fault || chainKind === 'wasmd') rmSync(dataDir, { recursive: true, force: true });
  if (fault) {
    say('fault', `${fault}: ${DOCUMENTED[fault]}`);
  }
  const edge = fault && isEdge(fault) ? playEdge(fault, say) : undefined;
  const house = await openHouse({
    chainKind,
    isolation: options.isolation,
    dataDir,
    apiPort: options.apiPort,
    rpcPort: options.rpcPort,
    password: process.env.QUORATE_PASSWORD,
    say,
    log,
    ...(edge ? edge.options : fault && faultOptions(fault, say)),
  });
  try {
    const code = options.serveOnly ? 0 : await mainJob(house, { ...options, dataDir, say, stopping, edge });
    if (!options.exit && !stopping.aborted) {
      write(NEXT);
      await new Promise<void>((resolve) => stopping.addEventListener('abort', () => resolve()));
    }
    return code;
  } finally {
    say('stopping', 'draining');
    await house.stop();
  }
};

const folderOf = ({ dataDir, fault, chainKind }: Options): string => {
  if (fault) return join(dataDir, `fault-${fault}`);
  return chainKind === 'wasmd' ? join(dataDir, chainKind) : dataDir;
};

interface Job extends Options {
  readonly say: Say;
  readonly stopping: AbortSignal;
  readonly edge: PlayedEdge | undefined;
}

const mainJob = async (house: House, job: Job): Promise<number> => {
  const { fault, dataDir, say, stopping, edge } = job;
  if (fault === 'lying-rpc') armLie(house.chain);
  // With a seat for every node, the one that the fault is about is drawn for certain, and waited for.
  const seats = fault ? DEVNET.nodes : DEVNET.seats;
  const asked = await ask(house, say, { imagePath: job.imagePath, seats });
  const { queryId } = asked;
  const played = edge ? edge.arm(house, stopping) : fault ? playRogue(fault, house, queryId, say, stopping) : undefined;
  played?.catch((error: unknown) => say('fault', error instanceof Error ? error.message : String(error)));
  const query = await follow(house, say, queryId, stopping);
  if (query.outcome?.kind !== 'verified') {
    say('refunded', `no answer: ${query.outcome?.reason}`);
    return 1;
  }
  await showAnswer(house, say, dataDir, asked);
  if (!fault) return 0;
  await played;
  const context = {
    house,
    client: asked.client,
    query,
    digest: house.model.manifest.knownAnswer.digest,
    suspect: house.keystore.account(SUSPECT).address,
  };
  const claims = await outcomeOf(fault, context, edge);
  for (const { text, holds } of claims) say(holds ? 'as said' : 'NOT SO', text);
  return claims.every(({ holds }) => holds) ? 0 : 1;
};

const main = async (): Promise<number> => {
  const options = readOptions(process.argv.slice(2));
  if (options.help) {
    process.stdout.write(USAGE);
    return 0;
  }
  const stopping = new AbortController();
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => stopping.abort(new Error(signal)));
  return await run(options, stopping.signal);
};

main().then(
  (code) => process.exit(code),
  (error: unknown) => {
    const text =
      error instanceof QuorateError ? `${error.message}${error.next ? `\n  ${error.next}` : ''}` : String(error);
    process.stderr.write(`quorate: ${text}\n`);
    process.exit(error instanceof QuorateError && error.family === 'bad-input' ? 2 : 1);
  },
);
