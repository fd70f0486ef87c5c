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
import type { WasmKeeper } from './wasm-keeper.ts';

/** A message taken apart: who must sign it, and what it does. */
export interface RoutedMessage {
  readonly typeUrl: string;
  readonly signer: Uint8Array;
  readonly signerText: string;
  /** The module name of the SDK's message event, the second part of the type URL. */
  readonly module: string;
  /** As Go prints the message in the errors of x/authz. */
  text(): string;
  /** Carries the message out and returns its encoded response. Events go to `ctx.events`. */
  run(ctx: Context): Any;
}

interface MessageParts {
  readonly authz: AuthzKeeper;
  readonly feegrant: FeegrantKeeper;
  readonly bank: BankKeeper;
  readonly wasm: WasmKeeper;
  readonly addresses: AddressCodec;
}

type Decode = (parts: MessageParts, value: Uint8Array) => { signer: string; run(ctx: Context): Uint8Array };

const none = new Uint8Array(0);

/** The messages of this chain, by type URL. */
const ROUTES: Readonly<Record<string, Decode>> = {
  '/cosmos.bank.v1beta1.MsgSend': ({ bank, addresses }, value) => {
    const { fromAddress, toAddress, amount } = MsgSend.decode(value);
    return {
      signer: fromAddress,
      run: (ctx) => {
        if (amount.length === 0) throw sdkErrors.invalidCoins();
        bank.send(ctx, address(addresses, fromAddress, 'from'), address(addresses, toAddress, 'to'), amount);
        return MsgSendResponse.encode({}).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgStoreCode': ({ wasm }, value) => {
    const { sender, wasmByteCode } = MsgStoreCode.decode(value);
    return {
      signer: sender,
      run: (ctx) => MsgStoreCodeResponse.encode(wasm.storeCode(ctx, sender, wasmByteCode)).finish(),
    };
  },
  '/cosmwasm.wasm.v1.MsgInstantiateContract': ({ wasm, addresses }, value) => {
    const { sender, admin, codeId, label, msg, funds } = MsgInstantiateContract.decode(value);
    return {
      signer: sender,
      run: (ctx) => {
        if (codeId === 0n) throw sdkErrors.invalidRequest('code id is required');
        validateLabel(label);
        checkPayload(msg, funds);
        if (admin !== '') address(addresses, admin, 'admin');
        const creator = address(addresses, sender, 'sender');
        const made = wasm.instantiate(ctx, { codeId, creator, admin, msg, label, funds });
        const response = { address: addresses.toText(made.address), data: made.data ?? none };
        return MsgInstantiateContractResponse.encode(response).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgExecuteContract': ({ wasm, addresses }, value) => {
    const { sender, contract, msg, funds } = MsgExecuteContract.decode(value);
    return {
      signer: sender,
      run: (ctx) => {
        checkPayload(msg, funds);
        const target = address(addresses, contract, 'contract');
        const data = wasm.execute(ctx, target, address(addresses, sender, 'sender'), msg, funds);
        return MsgExecuteContractResponse.encode({ data: data ?? none }).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgMigrateContract': ({ wasm, addresses }, value) => {
    const { sender, contract, codeId, msg } = MsgMigrateContract.decode(value);
    return {
      signer: sender,
      run: (ctx) => {
        checkPayload(msg, []);
        const target = address(addresses, contract, 'contract');
        const data = wasm.migrate(ctx, target, address(addresses, sender, 'sender'), codeId, msg);
        return MsgMigrateContractResponse.encode({ data: data ?? none }).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgUpdateAdmin': ({ wasm, addresses }, value) => {
    const { sender, contract, newAdmin } = MsgUpdateAdmin.decode(value);
    return {
      signer: sender,
      run: (ctx) => {
        address(addresses, newAdmin, 'new admin');
        const caller = address(addresses, sender, 'sender');
        wasm.updateAdmin(ctx, address(addresses, contract, 'contract'), caller, newAdmin);
        return MsgUpdateAdminResponse.encode({}).finish();
      },
    };
  },
  '/cosmwasm.wasm.v1.MsgClearAdmin': ({ wasm, addresses }, value) => {
    const { sender, contract } = MsgClearAdmin.decode(value);
    return {
      signer: sender,
      run: (ctx) => {
        wasm.updateAdmin(ctx, address(addresses, contract, 'contract'), address(addresses, sender, 'sender'), '');
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
    text: () => goText(message),
    run: (ctx) => ({ typeUrl: `${typeUrl}Response`, value: decoded.run(ctx) }),
  };
}

function address(addresses: AddressCodec, text: string, what: string): Uint8Array {
  try {
    return addresses.toBytes(text);
  } catch (error) {
    throw sdkErrors.invalidAddress(`${what}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

function checkPayload(msg: Uint8Array, funds: readonly Coin[]): void {
  wrapped('funds', () => validateCoins(funds));
  try {
    JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(msg));
  } catch {
    throw wasmErrors.invalid('payload msg');
  }
}

/** wasmd x/wasm/types/validation.go ValidateLabel. */
function validateLabel(label: string): void {
  if (label === '') throw wasmErrors.empty('is required').wrap('label');
  if (Buffer.byteLength(label) > 128) throw wasmErrors.limit('cannot be longer than 128 characters').wrap('label');
  if (label !== label.trim()) throw wasmErrors.invalid('label must not start/end with whitespaces').wrap('label');
}
