import {
  AcceptedMessageKeysFilter,
  AllowAllMessagesFilter,
  ContractExecutionAuthorization,
  ContractGrant,
  MaxCallsLimit,
} from 'cosmjs-types/cosmwasm/wasm/v1/authz';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import { sdkErrors, wasmErrors } from './errors.ts';

/**
 * Grants of x/wasm for single contracts (wasmd v0.61 x/wasm/types/authz.go): so many calls without funds, of all messages or of
 * those with one of some keys. Limits on funds and filters by whole messages are not here.
 */

/** Whether a grant covers an execution, and what is left of it then; nothing left when its last call is used. */
export interface Acceptance {
  readonly accepted: boolean;
  readonly left?: Any | undefined;
}

/** @throws {AbciError} sdk code 29 for kinds that this chain does not have; wasm code 12 for empty grants, limits and keys */
export function checkContractAuthorization({ value }: Any): void {
  const { grants } = ContractExecutionAuthorization.decode(value);
  if (grants.length === 0) throw wasmErrors.empty('grants');
  for (const [i, { limit, filter }] of grants.entries()) {
    if (limit?.typeUrl !== MaxCallsLimit.typeUrl)
      throw sdkErrors.invalidType('undefined limit').wrap(`position ${i}: limit`);
    if (MaxCallsLimit.decode(limit.value).remaining === 0n) {
      throw wasmErrors.empty('remaining calls').wrap(`position ${i}: limit`);
    }
    if (filter?.typeUrl === AllowAllMessagesFilter.typeUrl) continue;
    if (filter?.typeUrl !== AcceptedMessageKeysFilter.typeUrl) {
      throw sdkErrors.invalidType('undefined filter').wrap(`position ${i}: filter`);
    }
    if (AcceptedMessageKeysFilter.decode(filter.value).keys.length === 0) {
      throw wasmErrors.empty('keys').wrap(`position ${i}: filter`);
    }
  }
}

/** @param authorization one that {@link checkContractAuthorization} let through @param message an encoded MsgExecuteContract */
export function acceptExecution(authorization: Any, message: Uint8Array): Acceptance {
  const { grants } = ContractExecutionAuthorization.decode(authorization.value);
  const { contract, msg, funds } = MsgExecuteContract.decode(message);
  const place = grants.findIndex(
    (grant) => grant.contract === contract && funds.length === 0 && passes(grant.filter, msg),
  );
  const grant = grants[place];
  if (!grant?.limit) return { accepted: false };
  const { remaining } = MaxCallsLimit.decode(grant.limit.value);
  const limit = { typeUrl: MaxCallsLimit.typeUrl, value: MaxCallsLimit.encode({ remaining: remaining - 1n }).finish() };
  const used = remaining > 1n ? [ContractGrant.fromPartial({ ...grant, limit })] : [];
  const left = grants.toSpliced(place, 1, ...used);
  if (left.length === 0) return { accepted: true, left: undefined };
  const { typeUrl, encode } = ContractExecutionAuthorization;
  return { accepted: true, left: { typeUrl, value: encode({ grants: left }).finish() } };
}

/** An object with exactly one key, which is one of the filter's (json_matching.go). */
function passes(filter: Any | undefined, msg: Uint8Array): boolean {
  if (filter?.typeUrl !== AcceptedMessageKeysFilter.typeUrl) return true;
  const content: unknown = JSON.parse(new TextDecoder().decode(msg));
  if (typeof content !== 'object' || content === null || Array.isArray(content)) return false;
  const [key, ...others] = Object.keys(content);
  const { keys } = AcceptedMessageKeysFilter.decode(filter.value);
  return key !== undefined && others.length === 0 && keys.includes(key);
}
