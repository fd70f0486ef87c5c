import { askMessage } from '../../shared/chain/contract-messages.ts';
import { BadInputError } from '../../shared/errors.ts';
import { ConditionFailedError } from '../../shared/ports/store-errors.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { AskRow, askKey } from '../../shared/rows/ask.ts';
import { planTransaction } from '../../shared/rows/plan-transaction.ts';
import { type AskRequest, feeOf, inputOf, payerOf, requestHash, seatsOf } from './ask-request.ts';
import type { ApiDeps } from './deps.ts';
import type { InputRow } from './input-row.ts';
import { manifestOf, modelOnSale, modelOrDefault } from './models.ts';
import { describeInput, inputBytes, inputUri, inputWrite } from './store-input.ts';

/**
 * Takes an ask that this deployment's account pays for. Everything is checked first; then ask, input and planned
 * transaction are written in one transaction, so a refusal leaves no row behind.
 * @param key the caller's idempotency key: the same key and request give the same ask, whatever changed since
 * @throws {BadInputError} `idempotency-conflict` for the same key with another request, and all that the checks refuse
 */
export const askQuery = async (deps: ApiDeps, request: AskRequest, key: string | undefined): Promise<AskRow> => {
  const input = inputOf(request);
  const hash = requestHash(request, input.hash);
  const askId = key ?? `ask-${toHex(deps.random.bytes(16))}`;
  const known = await sameAsk(deps, askId, hash);
  if (known) return known;

  const { row, input: described, writes } = await planAsk(deps, request, askId, hash);
  if (input.bytes) await deps.blobs.put(input.bytes);
  try {
    await deps.store.transact([
      { kind: 'put', key: askKey(askId), body: row, expect: 'absent' },
      inputWrite(described),
      ...writes,
    ]);
    return row;
  } catch (error) {
    // Another request with this key came first: its ask is the answer to this one too.
    const first = error instanceof ConditionFailedError ? await sameAsk(deps, askId, hash) : undefined;
    if (first) return first;
    throw error;
  }
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
  const input: InputRow = await describeInput(bytes ?? (await inputBytes(deps, inputHash)), allowed);
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
