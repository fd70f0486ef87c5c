import { readFileSync } from 'node:fs';
import { SigningCosmWasmClient } from '@cosmjs/cosmwasm';
import { DirectSecp256k1Wallet } from '@cosmjs/proto-signing';
import { GasPrice } from '@cosmjs/stargate';
import { Comet38Client } from '@cosmjs/tendermint-rpc';
import { type Devchain, type DevchainOptions, inProcessClient, openDevchain, type RpcHandle } from '../index.ts';

/** What the tests of this folder share: one chain with two funded accounts and CosmJS clients on it. */

export const GENESIS_MS = 1_800_000_000_000;
export const DENOM = 'une';
export const PROBE_WASM: Uint8Array = Uint8Array.from(readFileSync(new URL('./probe-contract.wasm', import.meta.url)));

/** A wallet of a fixed key, one byte repeated. */
export function wallet(byte: number): Promise<DirectSecp256k1Wallet> {
  return DirectSecp256k1Wallet.fromKey(new Uint8Array(32).fill(byte), 'wasm');
}

export async function addressOf(byte: number): Promise<string> {
  const [account] = await (await wallet(byte)).getAccounts();
  if (account === undefined) throw new Error('a wallet has one account');
  return account.address;
}

/** A chain on which accounts 1 and 2 own a billion each, its first block made. */
export async function openChain(overrides: Partial<DevchainOptions> = {}): Promise<Devchain> {
  const coins = [{ denom: DENOM, amount: '1000000000' }];
  const chain = openDevchain({
    path: ':memory:',
    chainId: 'devchain-test',
    genesis: {
      timeMs: GENESIS_MS,
      balances: [
        { address: await addressOf(1), coins },
        { address: await addressOf(2), coins },
      ],
      validatorSeed: new Uint8Array(32).fill(9),
    },
    denom: DENOM,
    minGasPrice: '0.025',
    ...overrides,
  });
  if (chain.head() === undefined) chain.produceBlock(GENESIS_MS);
  return chain;
}

/** An in-process CosmJS client that signs for account `byte`; polling sees blocks because broadcasting makes one. */
export async function signingClient(
  chain: Devchain,
  byte: number,
  handle: RpcHandle = autoBlock(chain),
): Promise<SigningCosmWasmClient> {
  const comet = Comet38Client.create(inProcessClient(handle));
  return SigningCosmWasmClient.createWithSigner(comet, await wallet(byte), {
    gasPrice: GasPrice.fromString(`0.025${DENOM}`),
    broadcastPollIntervalMs: 1,
  });
}

/** A handle that makes a block after every accepted broadcast. */
export function autoBlock(chain: Devchain): RpcHandle {
  return async (request) => {
    const response = await chain.rpc.handle(request);
    if (request.method === 'broadcast_tx_sync') chain.produceBlock((chain.head()?.timeMs ?? GENESIS_MS) + 1000);
    return response;
  };
}

/** Uploads and instantiates the probe contract; the fee is fixed so that no simulation runs. */
export async function deployProbe(client: SigningCosmWasmClient, sender: string) {
  const { codeId } = await client.upload(sender, PROBE_WASM, 'auto');
  const { contractAddress } = await client.instantiate(sender, codeId, { label: 'probe' }, 'probe', 'auto', {
    admin: sender,
  });
  return { codeId, contract: contractAddress };
}
