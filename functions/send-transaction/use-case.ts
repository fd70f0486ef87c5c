import { signCalls } from '../../shared/chain/sign.ts';
import { InvariantError, QuorateError, TransientError } from '../../shared/errors.ts';
import { TX_SWEEP_MS } from '../../shared/rows/plan-transaction.ts';
import { OPEN_TRANSACTIONS, type TxIntent, TxRow, txKey } from '../../shared/rows/transaction.ts';
import { MAX_SIGNATURES, type SendDeps } from './deps.ts';
import { CODE, expired, included, tellRun } from './outcome.ts';

type Signed = Extract<TxRow, { state: 'signed' | 'sent' }>;

/**
 * Brings one transaction to its end: included in a block, or expired for certain. Every step is a conditional write, so it may be
 * repeated from anywhere; the signed bytes are kept before they are first sent, and signed anew only when they can never be
 * included any more (promise P10).
 * @throws {TransientError} `not-included-yet`, `rpc-unavailable`: the message comes again
 */
export const sendTransaction = async (deps: SendDeps, txId: string): Promise<void> => {
  let looked = 0;
  for (let polls = 0; ; ) {
    const stored = await deps.store.get(txKey(txId));
    if (!stored) throw new InvariantError('unknown-transaction', `no transaction '${txId.slice(0, 200)}' was planned`);
    const row = TxRow.parse(stored.body);
    const save = (next: TxRow): Promise<void> => saveRow(deps, next, stored.version);
    if (row.state === 'included' || row.state === 'expired') return;
    if (row.state === 'planned') await save(await sign(deps, row.intent, row.signatures));
    else if (row.state === 'signed') await save(await broadcast(deps, row));
    else {
      // Nothing new can be in the chain while no block came.
      const { height } = await deps.chain.head();
      const next = height === looked ? undefined : await confirm(deps, row, height);
      looked = height;
      if (next) await save(next);
      else if (++polls >= deps.maxPolls) {
        // The same bytes again: the node that took them may have lost them with its mempool.
        await deps.chain.broadcast(Buffer.from(row.bytes, 'base64')).catch(onlyTransient);
        throw new TransientError('not-included-yet', `transaction ${row.hash} is in no block yet`);
      } else await deps.clock.sleep(deps.pollMs);
    }
  }
};

const saveRow = async (deps: SendDeps, row: TxRow, version: number): Promise<void> => {
  const ended = row.state === 'included' || row.state === 'expired';
  const nowMs = deps.clock.nowMs();
  await deps.store.transact([
    {
      kind: 'put',
      key: txKey(row.intent.txId),
      body: row,
      expect: { version },
      ...(!ended && { due: { list: OPEN_TRANSACTIONS, at: nowMs + TX_SWEEP_MS } }),
    },
    ...(ended ? tellRun(row.intent, nowMs) : []),
  ]);
};

const sign = async (deps: SendDeps, intent: TxIntent, signatures: number): Promise<TxRow> => {
  const { chain } = deps;
  const { height } = await chain.head();
  if (height >= intent.deadlineHeight)
    return expired(intent, `height ${height}: too late for deadline ${intent.deadlineHeight}`);
  if (signatures >= MAX_SIGNATURES) return expired(intent, `signed ${signatures} times without getting into a block`);
  const signer = deps.signers.get(intent.signer);
  if (!signer) return expired(intent, `this deployment has no key of ${intent.signer}`);
  const account = await chain.account(intent.signer);
  if (!account) return expired(intent, `account ${intent.signer} does not exist: it has never received anything`);
  const timeoutHeight = Math.min(intent.deadlineHeight, height + deps.timeoutBlocks);
  const { chainId, contract } = chain;
  const { denom, gasLimit, feeUnes } = deps;
  const terms = { chainId, contract, denom, gasLimit, feeUnes, timeoutHeight };
  const { bytes, hash } = await signCalls(signer, account, [intent], terms);
  const { sequence } = account;
  const base64 = Buffer.from(bytes).toString('base64');
  return { state: 'signed', intent, bytes: base64, hash, sequence, timeoutHeight, signatures: signatures + 1 };
};

const broadcast = async (deps: SendDeps, row: Signed): Promise<TxRow> => {
  const sent: TxRow = { ...row, state: 'sent' };
  const bytes = Buffer.from(row.bytes, 'base64');
  // An unclear answer may hide an accepted transaction: from here on only its hash tells.
  const answer = await deps.chain.broadcast(bytes).catch(onlyTransient);
  if (!answer || answer.code === 0 || answer.code === CODE.alreadyInMempool) return sent;
  if (answer.code === CODE.mempoolFull) throw new TransientError('mempool-full', answer.log.slice(0, 200));
  const resolved = await confirm(deps, row, (await deps.chain.head()).height);
  if (resolved) return resolved;
  if (answer.code === CODE.timeoutHeight) return sent;
  if (answer.code === CODE.sequenceMismatch) return await repairSequence(deps, row);
  return expired(row.intent, `refused with ${answer.codespace} code ${answer.code}: ${answer.log.slice(0, 300)}`);
};

/** Included, or certainly dead, or undefined while neither is known. */
const confirm = async (deps: SendDeps, row: Signed, height: number): Promise<TxRow | undefined> => {
  // The head was read before the look-up: absent after a head beyond the time-out height is absent for ever. One block is left to indexing.
  const tx = await deps.chain.transaction(row.hash);
  if (tx) return included(row, tx);
  if (height <= row.timeoutHeight + 1) return undefined;
  return { state: 'planned', intent: row.intent, signatures: row.signatures };
};

/** Code 32: what is true is the account on chain, not the number in the error. */
const repairSequence = async (deps: SendDeps, row: Signed): Promise<TxRow> => {
  const account = await deps.chain.account(row.intent.signer);
  const used = (account?.sequence ?? 0) > row.sequence;
  // Not used: the node lags, or a transaction before ours is not in a block yet. Ours may still get in.
  if (!used)
    throw new TransientError('sequence-ahead', `the chain expects ${account?.sequence}, signed was ${row.sequence}`);
  await deps.clock.sleep(deps.pollMs);
  const resolved = await confirm(deps, row, (await deps.chain.head()).height);
  return resolved ?? { state: 'planned', intent: row.intent, signatures: row.signatures };
};

const onlyTransient = (error: unknown): undefined => {
  if (error instanceof QuorateError && error.family === 'transient') return undefined;
  throw error;
};
