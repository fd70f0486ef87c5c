import {
  MsgExec,
  MsgExecResponse,
  MsgGrant,
  MsgGrantResponse,
  MsgRevoke,
  MsgRevokeResponse,
} from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgSend, MsgSendResponse } from 'cosmjs-types/cosmos/bank/v1beta1/tx';
import {
  MsgGrantAllowance,
  MsgGrantAllowanceResponse,
  MsgRevokeAllowance,
  MsgRevokeAllowanceResponse,
} from 'cosmjs-types/cosmos/feegrant/v1beta1/tx';
import {
  MsgClearAdmin,
  MsgClearAdminResponse,
  MsgExecuteContract,
  MsgExecuteContractResponse,
  MsgInstantiateContract,
  MsgInstantiateContractResponse,
  MsgMigrateContract,
  MsgMigrateContractResponse,
  MsgStoreCode,
  MsgStoreCodeResponse,
  MsgUpdateAdmin,
  MsgUpdateAdminResponse,
} from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import type { AddressCodec } from '../vm/addresses.ts';
import type { AuthzKeeper } from './authz.ts';
import type { BankKeeper } from './bank.ts';
import { type Coin, validateCoins } from './coins.ts';
import type { Context } from './context.ts';
import { AbciError, sdkErrors, wasmErrors, wrapped } from './errors.ts';
import type { FeegrantKeeper } from './feegrant.ts';
import { goText } from './go-text.ts';
import type { RoutedMessage } from './routed-message.ts';
import { MAX_WASM_BYTES, type WasmKeeper } from './wasm-keeper.ts';

interface MessageParts {
  readonly authz: AuthzKeeper;
  readonly feegrant: FeegrantKeeper;
  readonly bank: BankKeeper;
  readonly wasm: WasmKeeper;
  readonly addresses: AddressCodec;
}

type Decode = (parts: MessageParts, value: Uint8Array) => { signer: string; run(ctx: Context): Uint8Array };

const none = new Uint8Array(0);

/**
 * The messages of this chain, by type URL. What is wrong with a message by itself (the SDK's ValidateBasic) is thrown before
 * `run`: such a message is refused by CheckTx already.
 */
const ROUTES: Readonly<Record<string, Decode>> = {
  '/cosmos.bank.v1beta1.MsgSend': ({ bank, addresses }, value) => {
    const { fromAddress, toAddress, amount } = MsgSend.decode(value);
    return {
      signer: fromAddress,
      run: (ctx) => {
        const from = bankAddress(addresses, fromAddress, 'from');
        const to = bankAddress(addresses, toAddress, 'to');
        if (amount.length === 0) throw sdkErrors.invalidCoins('');
        bank.send(ctx, from, to, amount);
        return MsgSendResponse.encode({}).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgStoreCode': ({ wasm }, value) => {
    const { sender, wasmByteCode } = MsgStoreCode.decode(value);
    if (wasmByteCode.length === 0) throw sdkErrors.invalidRequest('code bytes is required: empty');
    if (wasmByteCode.length > MAX_WASM_BYTES) {
      throw sdkErrors.invalidRequest(`code bytes cannot be longer than ${MAX_WASM_BYTES} bytes: exceeds limit`);
    }
    return {
      signer: sender,
      run: (ctx) => MsgStoreCodeResponse.encode(wasm.storeCode(ctx, sender, wasmByteCode)).finish(),
    };
  },
  '/cosmwasm.wasm.v1.MsgInstantiateContract': ({ wasm, addresses }, value) => {
    const { sender, admin, codeId, label, msg, funds } = MsgInstantiateContract.decode(value);
    const creator = address(addresses, sender, 'sender');
    if (codeId === 0n) throw sdkErrors.invalidRequest('code id is required');
    validateLabel(label);
    checkFunds(funds);
    if (admin !== '') address(addresses, admin, 'admin');
    checkPayload(msg);
    return {
      signer: sender,
      run: (ctx) => {
        const made = wasm.instantiate(ctx, { codeId, creator, admin, msg, label, funds });
        const response = { address: addresses.toText(made.address), data: made.data ?? none };
        return MsgInstantiateContractResponse.encode(response).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgExecuteContract': ({ wasm, addresses }, value) => {
    const { sender, contract, msg, funds } = MsgExecuteContract.decode(value);
    const caller = address(addresses, sender, 'sender');
    const target = address(addresses, contract, 'contract');
    checkFunds(funds);
    checkPayload(msg);
    return {
      signer: sender,
      run: (ctx) => {
        const data = wasm.execute(ctx, target, caller, msg, funds);
        return MsgExecuteContractResponse.encode({ data: data ?? none }).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgMigrateContract': ({ wasm, addresses }, value) => {
    const { sender, contract, codeId, msg } = MsgMigrateContract.decode(value);
    if (codeId === 0n) throw sdkErrors.invalidRequest('code id is required');
    const caller = address(addresses, sender, 'sender');
    const target = address(addresses, contract, 'contract');
    checkPayload(msg);
    return {
      signer: sender,
      run: (ctx) => {
        const data = wasm.migrate(ctx, target, caller, codeId, msg);
        return MsgMigrateContractResponse.encode({ data: data ?? none }).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgUpdateAdmin': ({ wasm, addresses }, value) => {
    const { sender, contract, newAdmin } = MsgUpdateAdmin.decode(value);
    const caller = address(addresses, sender, 'sender');
    const target = address(addresses, contract, 'contract');
    address(addresses, newAdmin, 'new admin');
    if (sender.toLowerCase() === newAdmin.toLowerCase()) {
      throw wasmErrors.invalid('new admin is the same as the old');
    }
    return {
      signer: sender,
      run: (ctx) => {
        wasm.updateAdmin(ctx, target, caller, newAdmin);
        return MsgUpdateAdminResponse.encode({}).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgClearAdmin': ({ wasm, addresses }, value) => {
    const { sender, contract } = MsgClearAdmin.decode(value);
    const caller = address(addresses, sender, 'sender');
    const target = address(addresses, contract, 'contract');
    return {
      signer: sender,
      run: (ctx) => {
        wasm.updateAdmin(ctx, target, caller, '');
        return MsgClearAdminResponse.encode({}).finish();
      },
    };
  },
};

/** Messages about who may act, or pay, for whom. */
const GRANT_ROUTES: Readonly<Record<string, Decode>> = {
  '/cosmos.authz.v1beta1.MsgGrant': ({ authz, addresses }, value) => {
    const { granter, grantee, grant } = MsgGrant.decode(value);
    return {
      signer: granter,
      run: (ctx) => {
        const [from, to] = [address(addresses, granter, 'granter'), address(addresses, grantee, 'grantee')];
        authz.grant(ctx, from, to, grant, (typeUrl) => handlerOf(typeUrl) !== undefined);
        return MsgGrantResponse.encode({}).finish();
      },
    };
  },
  '/cosmos.authz.v1beta1.MsgRevoke': ({ authz, addresses }, value) => {
    const { granter, grantee, msgTypeUrl } = MsgRevoke.decode(value);
    return {
      signer: granter,
      run: (ctx) => {
        authz.revoke(ctx, address(addresses, granter, 'granter'), address(addresses, grantee, 'grantee'), msgTypeUrl);
        return MsgRevokeResponse.encode({}).finish();
      },
    };
  },
  '/cosmos.authz.v1beta1.MsgExec': (parts, value) => {
    const { grantee, msgs } = MsgExec.decode(value);
    return {
      signer: grantee,
      run: (ctx) => {
        const routed = msgs.map((message) => routeMessage(parts, message));
        const results = parts.authz.exec(ctx, address(parts.addresses, grantee, 'grantee'), routed);
        return MsgExecResponse.encode({ results }).finish();
      },
    };
  },
  '/cosmos.feegrant.v1beta1.MsgGrantAllowance': ({ feegrant, addresses }, value) => {
    const { granter, grantee, allowance } = MsgGrantAllowance.decode(value);
    return {
      signer: granter,
      run: (ctx) => {
        const [from, to] = [address(addresses, granter, 'granter'), address(addresses, grantee, 'grantee')];
        feegrant.grant(ctx, from, to, allowance);
        return MsgGrantAllowanceResponse.encode({}).finish();
      },
    };
  },
  '/cosmos.feegrant.v1beta1.MsgRevokeAllowance': ({ feegrant, addresses }, value) => {
    const { granter, grantee } = MsgRevokeAllowance.decode(value);
    return {
      signer: granter,
      run: (ctx) => {
        feegrant.revoke(ctx, address(addresses, granter, 'granter'), address(addresses, grantee, 'grantee'));
        return MsgRevokeAllowanceResponse.encode({}).finish();
      },
    };
  },
};

function handlerOf(typeUrl: string): Decode | undefined {
  return ROUTES[typeUrl] ?? GRANT_ROUTES[typeUrl];
}

/** Finds a message's handler. Throws sdk codes 2 (does not decode), 6 (unknown type) and 7 (bad signer). */
export function routeMessage(parts: MessageParts, message: Any): RoutedMessage {
  const { typeUrl, value } = message;
  const decode = handlerOf(typeUrl);
  if (decode === undefined) throw sdkErrors.unknownRequest(`no message handler found for ${typeUrl}`);
  let decoded: ReturnType<Decode>;
  try {
    decoded = decode(parts, value);
  } catch (error) {
    if (error instanceof AbciError) throw error;
    throw sdkErrors.txDecode(error instanceof Error ? error.message : String(error));
  }
  return {
    typeUrl,
    signer: address(parts.addresses, decoded.signer, 'sender'),
    signerText: decoded.signer,
    module: typeUrl.split('.')[1] ?? '',
    value,
    text: () => goText(message),
    run: (ctx) => ({ typeUrl: `${typeUrl}Response`, value: decoded.run(ctx) }),
  };
}

/** wasmd wraps an error that no module registered: it ends as code 1 of "undefined". */
function address(addresses: AddressCodec, text: string, what: string): Uint8Array {
  try {
    return addresses.toBytes(text);
  } catch (error) {
    throw new AbciError('undefined', 1, `${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** The bank looks at addresses when it carries a message out, not before. */
function bankAddress(addresses: AddressCodec, text: string, what: string): Uint8Array {
  try {
    return addresses.toBytes(text);
  } catch (error) {
    throw sdkErrors.invalidAddress(`invalid ${what} address: ${bankWords(error)}`);
  }
}

/** What is wrong with an address, as the SDK's address codec says it to the bank (codec/address/bech32_codec.go). */
export function bankWords(error: unknown): string {
  const reason = error instanceof Error ? error.message : String(error);
  const foreign = /^invalid Bech32 prefix; expected (\w+), got (\w+)$/.exec(reason);
  if (!foreign) return reason;
  return `hrp does not match bech32 prefix: expected '${foreign[1]}' got '${foreign[2]}': internal logic error`;
}

function checkFunds(funds: readonly Coin[]): void {
  wrapped('funds', () => validateCoins(funds));
}

function checkPayload(msg: Uint8Array): void {
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(msg));
  } catch {
    throw wasmErrors.invalid().wrap('payload msg');
  }
}

/** wasmd x/wasm/types/validation.go ValidateLabel. */
function validateLabel(label: string): void {
  if (label === '') throw wasmErrors.empty('is required').wrap('label');
  if (Buffer.byteLength(label) > 128) throw wasmErrors.limit('cannot be longer than 128 characters').wrap('label');
  if (label !== label.trim()) throw wasmErrors.invalid('label must not start/end with whitespaces').wrap('label');
}
