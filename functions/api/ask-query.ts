import { askMessage } from '../../shared/chain/contract-messages.ts';
import { BadInputError, TransientError } from '../../shared/errors.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { AskRow, askKey } from '../../shared/rows/ask.ts';
import { planTransaction } from '../../shared/rows/plan-transaction.ts';
import type { Tenant } from '../../shared/rows/tenant.ts';
import { type AskRequest, feeOf, inputOf, payerOf, requestHash, seatsOf } from './ask-request.ts';
import type { ApiDeps } from './deps.ts';
import type { InputRow } from './input-row.ts';
import { manifestOf, modelOnSale, modelOrDefault } from './models.ts';
import { quotaWrite } from './quota.ts';
import { describeInput, inputBytes, inputUri, inputWrite } from './store-input.ts';

/** Asks of one tenant that may be counted between reading the counter and counting this one. */
const MAX_QUOTA_TRIES = 8;

/**
 * Takes an ask that this deployment's account pays for. Everything is checked first; then ask, input, planned transaction and the
 * tenant's counter are written in one transaction, so a refusal leaves no row behind.
 * @param key the caller's idempotency key: the same key and request give the same ask, whatever changed since, and count once
 * @param tenant whose quota it is, and among whose keys `key` is one; none where the deployment has no tenants
 * @throws {BadInputError} `idempotency-conflict` for the same key with another request, `quota-used`, and all that the checks refuse
 */
export const askQuery = async (
  deps: ApiDeps,
  request: AskRequest,
  key: string | undefined,
  tenant?: Tenant,
): Promise<AskRow> => {
  const input = inputOf(request);
  const hash = requestHash(request, input.hash);
  const own = key ?? `ask-${toHex(deps.random.bytes(16))}`;
  const askId = tenant ? `${tenant.name}:${own}` : own;
  const known = await sameAsk(deps, askId, hash);
  if (known) return known;

  let counted = tenant && (await quotaWrite(deps, tenant));
  const { row, input: described, writes } = await planAsk(deps, request, askId, hash);
  if (input.bytes) await deps.blobs.put(input.bytes);
  for (let tries = 0; tries < MAX_QUOTA_TRIES; tries++) {
    try {
      await deps.store.transact([
        { kind: 'put', key: askKey(askId), body: row, expect: 'absent' },
        inputWrite(described),
        ...writes,
        ...(counted ? [counted] : []),
      ]);
      return row;
    } catch (error) {
      if (!(error instanceof ConditionFailedError)) throw error;
      // Another request with this key came first: its ask is the answer to this one too.
      const first = await sameAsk(deps, askId, hash);
      if (first) return first;
      // Else another ask of this tenant was counted in between.
      if (!tenant) throw error;
      counted = await quotaWrite(deps, tenant);
    }
  }
  throw new TransientError('too-many-asks-at-once', 'other asks with this API key were counted in between each time');
};

const sameAsk = async ({ store }: ApiDeps, askId: string, hash: string): Promise<AskRow | undefined> => {
  const stored = await store.get(askKey(askId));
  if (!stored) return undefined;
  const row = AskRow.parse(stored.body);
  if (row.requestHash === hash) return row;
  throw new BadInputError('idempotency-conflict', `the idempotency key ${askId} was used for another request`, {
    next: 'Send the first request again unchanged, or take a new key.',
    details: { askId },
  });
};

const planAsk = async (deps: ApiDeps, request: AskRequest, askId: string, hash: string) => {
  const id = modelOrDefault(deps, request.model);
  const seats = seatsOf(deps, request);
  const model = await modelOnSale(deps, id);
  const fee = feeOf(request, model, seats);
  const { input: allowed } = await manifestOf(deps, id);
  const { hash: inputHash, bytes } = inputOf(request);
  const input: InputRow = describeInput(bytes ?? (await inputBytes(deps, inputHash)), allowed);
  const signer = await payerOf(deps, fee);
  const { height } = await deps.chain.head();
  const nowMs = deps.clock.nowMs();
  const txId = `ask/${askId}`;
  const maxUnits = request.maxUnits ?? deps.config.defaultMaxUnits;
  const uri = inputUri(deps, inputHash);
  const msg = askMessage({ model: id, inputHash, input: { uri }, seats, maxUnits, agent: signer });
  const feeUnes = String(fee);
  const deadlineHeight = height + deps.config.askDeadlineBlocks;
  const row: AskRow = {
    askId,
    requestHash: hash,
    txId,
    model: id,
    inputHash,
    seats,
    feeUnes,
    createdMs: nowMs,
  };
  return { row, input, writes: planTransaction({ txId, signer, msg, fundsUnes: feeUnes, deadlineHeight }, nowMs) };
};
