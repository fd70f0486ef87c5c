import { SigningCosmWasmClient } from '@cosmjs/cosmwasm';
import { type Coin, GasPrice, type StdFee } from '@cosmjs/stargate';
import type { CometClient } from '@cosmjs/tendermint-rpc';
import { MsgGrant } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import {
  AcceptedMessageKeysFilter,
  ContractExecutionAuthorization,
  MaxCallsLimit,
} from 'cosmjs-types/cosmwasm/wasm/v1/authz';
import { registerModelMessage, registerNodeMessage, serveMessage } from '../../shared/chain/contract-messages.ts';
import { offlineSigner } from '../../shared/chain/offline-signer.ts';
import { BadInputError, InvariantError } from '../../shared/errors.ts';
import type { Manifest } from '../../shared/model/manifest.ts';
import type { Chain } from '../../shared/ports/chain.ts';
import type { AccountSigner, NodeKeys } from '../../shared/ports/signer.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { ModelState } from '../../shared/protocol/state.ts';
import { DEVNET } from './settings.ts';

/** What an operator does once on a chain: upload, instantiate, register. Each step looks first, so it can be repeated. */

const FEE = { amount: [{ denom: DEVNET.denom, amount: '375000' }], gas: '15000000' };

/** What transactions cost on a chain. */
export interface SendingTerms {
  /** A decimal and its denomination: '0.025unes'. */
  readonly gasPrice: string;
  /** `auto`: as much as a simulation used, and room. */
  readonly fee: StdFee | 'auto';
}

const DEVNET_TERMS: SendingTerms = { gasPrice: DEVNET.gasPrice, fee: FEE };
const DEVNET_BOND: Coin = { denom: DEVNET.denom, amount: String(DEVNET.nodeBondUnes) };

export const signingClient = (
  comet: CometClient,
  signer: AccountSigner,
  { gasPrice } = DEVNET_TERMS,
): SigningCosmWasmClient =>
  SigningCosmWasmClient.createWithSigner(comet, offlineSigner(signer), {
    gasPrice: GasPrice.fromString(gasPrice),
    broadcastPollIntervalMs: 100,
  });

/**
 * The contract's address: the one on chain already, or a new one.
 * @throws {BadInputError} `other-release` when the chain holds the contract of another release
 */
export const deployContract = async (
  comet: CometClient,
  operator: AccountSigner,
  wasm: Uint8Array,
): Promise<string> => {
  const client = signingClient(comet, operator);
  const [code] = await client.getCodes();
  const [known] = code ? await client.getContracts(code.id) : [];
  if (code && known) {
    const checksum = toHex(sha256(wasm));
    if (code.checksum === checksum) return known;
    throw new BadInputError(
      'other-release',
      `the chain's contract has checksum ${code.checksum}, expected ${checksum}`,
      {
        next: 'the folder is from another release: take a new one with --data, or delete it',
      },
    );
  }
  const { codeId } = await client.upload(operator.address, wasm, FEE);
  const init = { denom: DEVNET.denom, params: DEVNET.contract, admin: operator.address };
  const { contractAddress } = await client.instantiate(operator.address, codeId, init, 'quorate', FEE, {
    admin: operator.address,
  });
  return contractAddress;
};

export const registerModel = async (
  comet: CometClient,
  chain: Chain,
  owner: AccountSigner,
  model: string,
  manifest: Manifest,
  windows: ModelState['windows'],
  terms = DEVNET_TERMS,
): Promise<void> => {
  if (await chain.model(model)) return;
  const client = signingClient(comet, owner, terms);
  const msg = registerModelMessage({
    manifestHash: model,
    priceUnes: manifest.price,
    rule: manifest.rule,
    windows,
    trial: manifest.knownAnswer.digest,
  });
  await client.execute(owner.address, chain.contract, msg, terms.fee);
};

/** A node as its chain knows it: the account of the bond, and the key of its draws. */
export type NodeToBond = AccountSigner & Pick<NodeKeys, 'vrfPublicKey'>;

/**
 * Bonds a node and lets it serve the model.
 * @param computed digest of the model's known answer as this machine computed it; the contract compares it
 */
export const registerNode = async (
  comet: CometClient,
  chain: Chain,
  node: NodeToBond,
  model: string,
  computed: string,
  terms: SendingTerms & { readonly bond: Coin } = { ...DEVNET_TERMS, bond: DEVNET_BOND },
): Promise<void> => {
  const known = await chain.node(node.address);
  if (known?.models.includes(model)) return;
  const client = signingClient(comet, node, terms);
  if (!known) {
    const msg = registerNodeMessage(toHex(node.vrfPublicKey));
    await client.execute(node.address, chain.contract, msg, terms.fee, undefined, [terms.bond]);
  }
  await client.execute(node.address, chain.contract, serveMessage(model, computed), terms.fee);
};

/** More calls than a lane ever makes: the grant ends by being revoked. */
const CALLS = 2n ** 53n;

/** Lets another account send these messages to one contract in this one's name, without funds, until it revokes it (x/authz). */
export const grantExecution = async (
  comet: CometClient,
  granter: AccountSigner,
  grantee: string,
  contract: string,
  keys: string[],
  terms = DEVNET_TERMS,
): Promise<void> => {
  const limit = { typeUrl: MaxCallsLimit.typeUrl, value: MaxCallsLimit.encode({ remaining: CALLS }).finish() };
  const filter = {
    typeUrl: AcceptedMessageKeysFilter.typeUrl,
    value: AcceptedMessageKeysFilter.encode({ keys }).finish(),
  };
  const { typeUrl, encode } = ContractExecutionAuthorization;
  const authorization = { typeUrl, value: encode({ grants: [{ contract, limit, filter }] }).finish() };
  const value = { granter: granter.address, grantee, grant: { authorization } };
  const message = { typeUrl: MsgGrant.typeUrl, value };
  const client = signingClient(comet, granter, terms);
  const { code, rawLog } = await client.signAndBroadcast(granter.address, [message], terms.fee);
  if (code !== 0) throw new InvariantError('grant-failed', `the grant of ${granter.address} failed: ${rawLog}`);
};
