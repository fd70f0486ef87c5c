import type { OfflineDirectSigner } from '@cosmjs/proto-signing';
import { askMessage } from '../chain/contract-messages.ts';
import { BadInputError, InvariantError } from '../errors.ts';
import type { Chain } from '../ports/chain.ts';
import { toHex } from '../protocol/encoding.ts';
import { sha256 } from '../protocol/sha2.ts';
import type { ModelState } from '../protocol/state.ts';
import { Models, StoredInput } from './answers.ts';
import type { ChainAccess, Executed } from './chain-access.ts';
import type { ApiHttp } from './http.ts';

export interface AskOptions {
  /** Id of a model; without one the deployment's default. */
  readonly model?: string;
  /** Default 3. */
  readonly seats?: number;
  /** Default: the least that the seats cost. */
  readonly feeUnes?: string;
  readonly maxUnits?: number;
}

export interface Asked {
  readonly queryId: number;
  readonly txHash: string;
  readonly height: number;
  readonly feeUnes: string;
  readonly model: string;
  readonly inputHash: string;
}

export interface AskDeps {
  readonly api: ApiHttp;
  readonly access: ChainAccess;
  readonly signer: OfflineDirectSigner | undefined;
}

const DEFAULT_SEATS = 3;
const DEFAULT_MAX_UNITS = 1_000_000;

/** @throws {BadInputError} `no-wallet`, `unknown-model`, `model-withdrawn`, `short-fee`, `wallet-unfunded`, and what API and chain refuse */
export const askWithWallet = async (
  { api, access, signer }: AskDeps,
  input: Uint8Array,
  options: AskOptions,
): Promise<Asked> => {
  if (!signer) {
    throw new BadInputError('no-wallet', 'this client has no signer to pay with', {
      next: 'Give createClient a signer, or ask through POST /v1/queries.',
    });
  }
  const chain = await access.chain();
  const model = await modelOf(api, chain, options.model);
  const seats = options.seats ?? DEFAULT_SEATS;
  const fee = feeOf(model, seats, options.feeUnes);
  await checkFunds(chain, signer, fee);
  const { inputHash, uri, agent } = await upload(api, input, model.id);
  const maxUnits = options.maxUnits ?? DEFAULT_MAX_UNITS;
  const msg = askMessage({
    model: model.id,
    inputHash,
    input: { uri },
    seats,
    maxUnits,
    ...(agent !== null && { agent }),
  });
  const done = await access.execute(signer, msg, fee);
  const { txHash, height } = done;
  return { queryId: askedId(done), txHash, height, feeUnes: String(fee), model: model.id, inputHash };
};

const modelOf = async (api: ApiHttp, chain: Chain, wanted: string | undefined): Promise<ModelState> => {
  const next = "Choose one of 'quorate model list'.";
  if (wanted !== undefined && !/^[0-9a-f]{64}$/.test(wanted)) {
    throw new BadInputError('bad-model', `'${wanted}' is no model id: 64 lower-case hex digits are expected`, { next });
  }
  const id = wanted ?? (await api.json('/v1/models?limit=100', Models)).models.find((m) => m.isDefault)?.id;
  if (id === undefined) throw new BadInputError('no-default-model', 'the deployment has no default model', { next });
  const model = await chain.model(id);
  if (!model) throw new BadInputError('unknown-model', `the contract has no model ${id}`, { next, details: { id } });
  if (!model.withdrawn) return model;
  throw new BadInputError('model-withdrawn', `model ${id} was withdrawn by its owner`, { next, details: { id } });
};

const feeOf = (model: ModelState, seats: number, offered: string | undefined): bigint => {
  if (!Number.isInteger(seats) || seats < 1) {
    throw new BadInputError('seats-out-of-range', `${seats} seats asked for; a whole number from 1 is allowed`);
  }
  if (offered !== undefined && !/^\d{1,38}$/.test(offered)) {
    throw new BadInputError('bad-fee', `'${offered}' is no fee: whole unes in decimal digits are expected`);
  }
  const required = model.priceUnes * BigInt(seats);
  const fee = offered === undefined ? required : BigInt(offered);
  if (fee >= required) return fee;
  throw new BadInputError('short-fee', `a fee of ${fee} unes; ${seats} seats cost at least ${required} unes`, {
    next: 'Offer at least the required fee, ask for fewer seats, or leave the fee out.',
    details: { receivedUnes: String(fee), requiredUnes: String(required) },
  });
};

const checkFunds = async (chain: Chain, signer: OfflineDirectSigner, fee: bigint): Promise<void> => {
  const address = (await signer.getAccounts())[0]?.address ?? '';
  const balance = await chain.balanceUnes(address);
  if (balance > fee) return;
  throw new BadInputError('wallet-unfunded', `the wallet ${address} holds ${balance} unes, the fee is ${fee} and gas`, {
    next: `Send at least ${fee - balance + 100_000n} unes to ${address}.`,
    details: { address, balanceUnes: String(balance), requiredUnes: String(fee) },
  });
};

const upload = async (api: ApiHttp, input: Uint8Array, model: string) => {
  const inputHash = toHex(sha256(input));
  const stored = await api.json(`/v1/inputs?model=${model}`, StoredInput, {
    method: 'POST',
    headers: { 'content-type': 'application/octet-stream' },
    body: new Uint8Array(input),
  });
  // What is signed is what the caller has, not what the API says it got.
  if (stored.hash === inputHash) return { inputHash, uri: stored.uri, agent: stored.agent };
  throw new InvariantError('input-hash', `the API took the input as ${stored.hash}, its hash is ${inputHash}`);
};

const askedId = ({ events, txHash }: Executed): number => {
  const id = Number(events.find(({ kind }) => kind === 'asked')?.query_id);
  if (Number.isSafeInteger(id)) return id;
  throw new InvariantError('no-asked-event', `transaction ${txHash} was included but names no query`);
};
