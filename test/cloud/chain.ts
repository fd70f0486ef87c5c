import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Comet38Client, HttpClient } from '@cosmjs/tendermint-rpc';
import type { Devchain } from '../../infra/chain/devchain/index.ts';
import { deployContract, signingClient } from '../../infra/local/bootstrap.ts';
import { type LocalChain, startDevchain } from '../../infra/local/devnet.ts';
import { devnetKeys } from '../../infra/local/keys.ts';
import { CHAINS, type ChainKind, DEVNET, DEVNET_PASSWORD } from '../../infra/local/settings.ts';
import { supervise } from '../../infra/local/supervisor.ts';
import { startWasmdChain } from '../../infra/local/wasmd-chain.ts';
import type { Keystore } from '../../shared/adapters/local/keystore.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { connectChain } from '../../shared/chain/comet-chain.ts';
import { BadInputError } from '../../shared/errors.ts';
import { createLogger } from '../../shared/log.ts';
import type { Chain } from '../../shared/ports/chain.ts';

const WASM = new URL('../../infra/chain/contract/artifact/quorate.wasm', import.meta.url);

/** A chain with the contract on it, and identities of which all have money. Whose nodes are bonded is left to deployments. */
export interface TestChain {
  readonly kind: ChainKind;
  readonly chainId: string;
  readonly bech32Prefix: string;
  readonly rpcUrls: readonly string[];
  readonly contract: string;
  readonly keystore: Keystore;
  readonly comet: Comet38Client;
  readonly chain: Chain;
  /** The embedded chain, if it is that: makes blocks when it is told to, besides those that time brings. */
  readonly devchain: Devchain | undefined;
  /** From the faucet's account. */
  pay(to: string, unes: bigint): Promise<void>;
  close(): Promise<void>;
}

const say = (line: string): void => void process.stderr.write(`${line}\n`);

/** Two nodes of wasmd; where neither wasmd nor Go is, the embedded chain, and that is said. */
export const startTestChain = async (wanted: ChainKind = 'wasmd'): Promise<TestChain> => {
  const dataDir = mkdtempSync(join(tmpdir(), 'quorate-cloud-chain-'));
  const opened = await open(wanted, dataDir).catch((error: unknown) => {
    if (!(error instanceof BadInputError)) throw error;
    say(`no wasmd here (${error.message}): these tests run on the embedded chain`);
    return open('devchain', dataDir);
  });
  const { kind, keystore, local } = opened;
  const { chainId, rpcUrls } = local;
  const log = createLogger({ clock: systemClock, sink: say, level: 'error' });
  const blocks = supervise(local.loops, { clock: systemClock, log });
  const rpc = rpcUrls[0] ?? '';
  const comet = Comet38Client.create(new HttpClient(rpc));
  const contract = await deployContract(comet, keystore.account('operator'), readFileSync(WASM));
  const { denom } = DEVNET;
  let last: Promise<unknown> = Promise.resolve();
  const send = async (to: string, unes: bigint): Promise<void> => {
    const from = keystore.account('faucet');
    const amount = [{ denom, amount: String(unes) }];
    await signingClient(comet, from).sendTokens(from.address, to, amount, 'auto');
  };
  return {
    kind,
    chainId,
    bech32Prefix: CHAINS[kind].bech32Prefix,
    rpcUrls,
    contract,
    keystore,
    comet,
    chain: await connectChain({ rpc, chainId, contract, denom }),
    devchain: local.devchain,
    // One after the other: they share the account's sequence.
    pay: async (to, unes) => {
      const paid = last.then(() => send(to, unes));
      last = paid.catch(() => undefined);
      await paid;
    },
    close: async () => {
      await blocks.stop();
      await local.close();
      rmSync(dataDir, { recursive: true, force: true, maxRetries: 5 });
    },
  };
};

const open = async (
  kind: ChainKind,
  dataDir: string,
): Promise<{ kind: ChainKind; keystore: Keystore; local: LocalChain }> => {
  const folder = join(dataDir, kind);
  mkdirSync(folder, { recursive: true });
  const keystore = await devnetKeys(join(folder, 'keys.json'), DEVNET_PASSWORD, CHAINS[kind].bech32Prefix);
  const options = { dataDir: folder, keystore, clock: systemClock, rpcPort: 0 };
  const local = kind === 'wasmd' ? await startWasmdChain(options, say) : await startDevchain(options);
  return { kind, keystore, local };
};
