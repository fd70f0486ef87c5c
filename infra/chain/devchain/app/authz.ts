import { GenericAuthorization, Grant } from 'cosmjs-types/cosmos/authz/v1beta1/authz';
import { ContractExecutionAuthorization } from 'cosmjs-types/cosmwasm/wasm/v1/authz';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import { type AbciEvent, event } from '../comet/abci.ts';
import { msFromTimestamp } from '../comet/header.ts';
import { concatBytes } from '../state/kv.ts';
import type { AddressCodec } from '../vm/addresses.ts';
import type { AuthKeeper } from './auth.ts';
import type { Context } from './context.ts';
import { acceptExecution, checkContractAuthorization } from './contract-authorization.ts';
import { AbciError, authzErrors, OutOfGasError, sdkErrors } from './errors.ts';
import type { RoutedMessage } from './routed-message.ts';

const GRANT_KEY = Uint8Array.of(1);
const utf8 = new TextEncoder();

/** The SDK's x/authz (v0.53 keeper/keeper.go) with generic authorizations and those for single contracts: one account acts for another. */
export class AuthzKeeper {
  readonly #auth: AuthKeeper;
  readonly #addresses: AddressCodec;

  constructor(auth: AuthKeeper, addresses: AddressCodec) {
    this.#auth = auth;
    this.#addresses = addresses;
  }

  /** `knows` tells whether the chain has messages of a type. Throws authz codes 3, 7; sdk codes 18, 29. */
  grant(
    ctx: Context,
    granter: Uint8Array,
    grantee: Uint8Array,
    grant: Grant,
    knows: (typeUrl: string) => boolean,
  ): void {
    this.#checkDifferent(granter, grantee);
    const msgType = authorizedType(grant);
    if (!knows(msgType)) throw sdkErrors.invalidType(`${msgType} doesn't exist.`);
    if (grant.expiration && msFromTimestamp(grant.expiration) <= ctx.block.timeMs) {
      const at = (ms: number): string => new Date(ms).toISOString().replace('.000', '');
      throw authzErrors.invalidExpiration(
        `expiration must be after the current block time (${at(ctx.block.timeMs)}), got ${at(msFromTimestamp(grant.expiration))}`,
      );
    }
    this.#auth.ensure(ctx, grantee);
    ctx.store('authz').set(grantKey(granter, grantee, msgType), Grant.encode(grant).finish());
    ctx.events.push(this.#typed('EventGrant', granter, grantee, msgType));
  }

  /** Throws authz codes 2 and 7. */
  revoke(ctx: Context, granter: Uint8Array, grantee: Uint8Array, msgType: string): void {
    this.#checkDifferent(granter, grantee);
    if (msgType === '') throw sdkErrors.invalidRequest('missing msg method name');
    const key = grantKey(granter, grantee, msgType);
    if (ctx.store('authz').get(key) === undefined) {
      throw authzErrors.notFound(`failed to delete grant with key ${Buffer.from(key).toString()}`);
    }
    this.#delete(ctx, key, granter, grantee, msgType);
  }

  #delete(ctx: Context, key: Uint8Array, granter: Uint8Array, grantee: Uint8Array, msgType: string): void {
    ctx.store('authz').remove(key);
    ctx.events.push(this.#typed('EventRevoke', granter, grantee, msgType));
  }

  /** DispatchActions: each message as its own signer, if he granted it to `grantee` or is him. Throws authz codes 2 and 6. */
  exec(ctx: Context, grantee: Uint8Array, messages: readonly RoutedMessage[]): Uint8Array[] {
    if (messages.length === 0) throw sdkErrors.invalidRequest('messages cannot be empty');
    return messages.map((message, index) => {
      if (Buffer.compare(message.signer, grantee) !== 0) this.#checkGranted(ctx, grantee, message);
      const own = ctx.withOwnEvents();
      const response = this.#run(own, message);
      for (const { attributes } of own.events) attributes.push({ key: 'authz_msg_index', value: String(index) });
      ctx.events.push(...own.events);
      return response.value;
    });
  }

  #run(ctx: Context, message: RoutedMessage): Any {
    try {
      return message.run(ctx);
    } catch (error) {
      if (!(error instanceof AbciError) || error instanceof OutOfGasError) throw error;
      throw error.wrap(`failed to execute message; message ${message.text()}`);
    }
  }

  /** Uses the grant for one message. */
  #checkGranted(ctx: Context, grantee: Uint8Array, { signer, typeUrl, value }: RoutedMessage): void {
    const key = grantKey(signer, grantee, typeUrl);
    const stored = ctx.store('authz').get(key);
    if (stored === undefined) {
      const { toText } = this.#addresses;
      throw authzErrors.notFound(
        `failed to get grant with given granter: ${toText(signer)}, grantee: ${toText(grantee)} & msgType: ${typeUrl} `,
      );
    }
    const grant = Grant.decode(stored);
    const { expiration, authorization } = grant;
    if (expiration && msFromTimestamp(expiration) < ctx.block.timeMs) throw authzErrors.expired();
    if (authorization?.typeUrl !== ContractExecutionAuthorization.typeUrl) return;
    const { accepted, left } = acceptExecution(authorization, value);
    if (!accepted) throw sdkErrors.unauthorized();
    if (left) ctx.store('authz').set(key, Grant.encode({ ...grant, authorization: left }).finish());
    else this.#delete(ctx, key, signer, grantee, typeUrl);
  }

  #checkDifferent(granter: Uint8Array, grantee: Uint8Array): void {
    if (Buffer.compare(granter, grantee) === 0) throw authzErrors.granteeIsGranter();
  }

  /** A typed event: values are JSON, keys sorted (types/events.go TypedEventToEvent). */
  #typed(name: 'EventGrant' | 'EventRevoke', granter: Uint8Array, grantee: Uint8Array, msgType: string): AbciEvent {
    const json = JSON.stringify;
    const { toText } = this.#addresses;
    return event(
      `cosmos.authz.v1beta1.${name}`,
      ['grantee', json(toText(grantee))],
      ['granter', json(toText(granter))],
      ['msg_type_url', json(msgType)],
    );
  }
}

function authorizedType({ authorization }: Grant): string {
  if (authorization === undefined) throw sdkErrors.invalidType('authorization is nil');
  const { typeUrl, value } = authorization;
  if (typeUrl === GenericAuthorization.typeUrl) return GenericAuthorization.decode(value).msg;
  if (typeUrl === ContractExecutionAuthorization.typeUrl) {
    checkContractAuthorization(authorization);
    return MsgExecuteContract.typeUrl;
  }
  const allowed = `${GenericAuthorization.typeUrl} and ${ContractExecutionAuthorization.typeUrl}`;
  throw authzErrors.unknownType(`this chain has ${allowed}, got ${typeUrl}`);
}

function grantKey(granter: Uint8Array, grantee: Uint8Array, msgType: string): Uint8Array {
  const lengthOf = (bytes: Uint8Array): Uint8Array => Uint8Array.of(bytes.length);
  return concatBytes(GRANT_KEY, lengthOf(granter), granter, lengthOf(grantee), grantee, utf8.encode(msgType));
}
