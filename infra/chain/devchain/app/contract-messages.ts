import { MsgSend } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import {
  MsgClearAdmin,
  MsgExecuteContract,
  MsgInstantiateContract,
  MsgMigrateContract,
  MsgUpdateAdmin,
} from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import { moduleAccountAddress } from '../vm/addresses.ts';
import type { BankKeeper } from './bank.ts';
import { normalizeCoins } from './coins.ts';
import type { Context } from './context.ts';
import type { ContractMsg } from './contract-response.ts';
import { sdkErrors, wasmErrors, wrapped } from './errors.ts';
import type { RoutedMessage } from './routed-message.ts';
import type { DispatchResult } from './submessages.ts';

/** wasmd burns from its own module account. */
const WASM_MODULE = moduleAccountAddress('wasm');

interface ContractMessageParts {
  readonly bank: BankKeeper;
  /** Text form of an address of this chain. */
  toText(address: Uint8Array): string;
  route(message: Any): RoutedMessage;
}

/**
 * Carries out a message that a contract sent, as the transaction message it stands for and with the contract as its signer
 * (wasmd v0.61 keeper/handler_plugin.go). Throws AbciError; wasm code 20 for kinds this chain does not have.
 */
export function dispatchContractMessage(
  parts: ContractMessageParts,
  ctx: Context,
  contract: Uint8Array,
  msg: ContractMsg,
): DispatchResult {
  const own = ctx.withOwnEvents();
  if (msg.kind === 'bank-burn') {
    const coins = normalizeCoins(msg.amount);
    if (coins.length === 0) throw wasmErrors.empty('amount');
    wrapped('transfer to module', () => parts.bank.sendToModule(own, contract, WASM_MODULE, coins));
    wrapped('burn coins', () => parts.bank.burn(own, WASM_MODULE, coins));
    return { events: own.events, response: undefined };
  }
  const routed = parts.route(encode(parts.toText(contract), msg));
  if (Buffer.compare(routed.signer, contract) !== 0) {
    throw sdkErrors.unauthorized("contract doesn't have permission");
  }
  const response = routed.run(own);
  return { events: own.events, response };
}

function encode(sender: string, msg: Exclude<ContractMsg, { kind: 'bank-burn' }>): Any {
  switch (msg.kind) {
    case 'bank-send': {
      const amount = normalizeCoins(msg.amount);
      const value = MsgSend.encode({ fromAddress: sender, toAddress: msg.toAddress, amount }).finish();
      return { typeUrl: MsgSend.typeUrl, value };
    }
    case 'wasm-execute': {
      const { contract, msg: payload } = msg;
      const value = MsgExecuteContract.encode({
        sender,
        contract,
        msg: payload,
        funds: normalizeCoins(msg.funds),
      }).finish();
      return { typeUrl: MsgExecuteContract.typeUrl, value };
    }
    case 'wasm-instantiate': {
      const { admin, codeId, label, msg: payload } = msg;
      const funds = normalizeCoins(msg.funds);
      const value = MsgInstantiateContract.encode({ sender, admin, codeId, label, msg: payload, funds }).finish();
      return { typeUrl: MsgInstantiateContract.typeUrl, value };
    }
    case 'wasm-migrate': {
      const { contract, codeId, msg: payload } = msg;
      return {
        typeUrl: MsgMigrateContract.typeUrl,
        value: MsgMigrateContract.encode({ sender, contract, codeId, msg: payload }).finish(),
      };
    }
    case 'wasm-update-admin': {
      const { contract, admin } = msg;
      if (admin === '')
        return { typeUrl: MsgClearAdmin.typeUrl, value: MsgClearAdmin.encode({ sender, contract }).finish() };
      const value = MsgUpdateAdmin.encode({ sender, contract, newAdmin: admin }).finish();
      return { typeUrl: MsgUpdateAdmin.typeUrl, value };
    }
    case 'any':
      return { typeUrl: msg.typeUrl, value: msg.value };
    case 'unsupported':
      throw wasmErrors.unknownMsg(`${msg.name} messages are not supported by this chain`);
  }
}
