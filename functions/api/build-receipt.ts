import { heightOf } from '../../shared/chain/compare-events.ts';
import { gatherProof, type TxPlace } from '../../shared/chain/proof/gather.ts';
import { encodeReceiptFile, MAX_RESULT_BYTES } from '../../shared/chain/proof/receipt-file.ts';
import { resultKind } from '../../shared/chain/proof/result-kind.ts';
import type { Step } from '../../shared/chain/proof/steps.ts';
import { TransientError } from '../../shared/errors.ts';
import { encodeManifest } from '../../shared/model/manifest.ts';
import { BlobMissingError } from '../../shared/ports/blob-errors.ts';
import { equalBytes, fromHex } from '../../shared/protocol/encoding.ts';
import { receiptsRoot } from '../../shared/protocol/receipt.ts';
import type { RunRow } from '../../shared/rows/run.ts';
import type { ApiDeps } from './deps.ts';
import { manifestOf } from './models.ts';
import { eventsOf } from './query-events.ts';
import { runsOf, verifiedQuery } from './read-result.ts';

/**
 * The receipt file of a verified query (docs/receipt.md). Receipts of members whose run is another operator's, and a result
 * that is not here or over 1 MiB, are left out: the verifier's report says so.
 * @throws {BadInputError} `unknown-query`, `not-yet-verified`, `query-refunded`, `model-not-installed`, `receipt-too-large`,
 *   `receipt-unprovable` when it was asked or settled through another contract
 * @throws {TransientError} `events-incomplete` while the watcher has not read all of it; `rpc-unavailable`,
 *   `evidence-inconsistent`
 */
export const buildReceipt = async (deps: ApiDeps, queryId: number): Promise<Uint8Array> => {
  const { chain, chainEvidence } = deps;
  const query = await verifiedQuery(deps, queryId);
  const places = await placesOf(deps, queryId);
  const manifest = encodeManifest(await manifestOf(deps, query.model));
  const { contract, chainId } = chain;
  const { steps, ...proof } = await gatherProof(chainEvidence, { contract, queryId }, places);
  const runs = (await runsOf(deps, queryId)).filter(({ run }) => run.attempt === proof.attempt);
  const receipts = await receiptsOf(deps, runs, steps, queryId);
  const result = await resultOf(deps, runs, query.digest);
  return encodeReceiptFile({ chainId, contract, queryId, ...proof, receipts, manifest, result });
};

/** Kinds of events whose transactions a proof may need. */
const KINDS: readonly string[] = ['asked', 'opened', 'committed', 'revealed', 'settled'];

/** Where the query's transactions are, by its events. */
const placesOf = async (deps: ApiDeps, queryId: number): Promise<TxPlace[]> => {
  const places = new Map<string, TxPlace>();
  const kinds = new Set<string>();
  for await (const { id, kind, txHash, attributes } of eventsOf(deps, queryId)) {
    // Anyone may settle a final query again, as often as they like: those settlements do nothing and prove nothing.
    if (!KINDS.includes(kind) || attributes.outcome === 'noop') continue;
    kinds.add(kind);
    places.set(txHash, { height: heightOf(deps.chain.chainId, id), txHash });
  }
  const missing = KINDS.filter((kind) => !kinds.has(kind));
  if (missing.length === 0) return [...places.values()];
  throw new TransientError('events-incomplete', `query ${queryId} has no event ${missing.join(', ')} here yet`, {
    next: 'Try again once the watcher has read the blocks from the ask to the settlement.',
    details: { queryId, missing },
  });
};

/** Signed receipts of the majority's members that ran here, in seat order. */
const receiptsOf = async (deps: ApiDeps, runs: readonly RunRow[], steps: readonly Step[], queryId: number) => {
  const seats = steps.flatMap((step) =>
    step.kind === 'settle' && step.answer.queryId === queryId ? step.answer.seats : [],
  );
  const roots = new Map(
    steps.flatMap((step) =>
      step.kind === 'reveal' && step.answer.queryId === queryId ? [[step.sender, step.receiptsRoot] as const] : [],
    ),
  );
  const found: { node: string; stages: Uint8Array[] }[] = [];
  for (const { node, outcome } of seats) {
    const root = roots.get(node);
    const hashes = runs.find(({ run }) => run.node === node)?.result?.receipts;
    if (outcome !== 'majority' || !root || !hashes) continue;
    const stages = await Promise.all(hashes.map((hash) => blobIfHere(deps, hash)));
    const held = stages.filter((stage) => stage !== undefined);
    // Receipts of a repeated run are not those that the node committed to.
    if (equalBytes(receiptsRoot(held), root)) found.push({ node, stages: held });
  }
  return found;
};

/** The result's bytes, when a run here gave them and they fit. */
const resultOf = async (deps: ApiDeps, runs: readonly RunRow[], digest: string): Promise<Uint8Array | undefined> => {
  const outputs = runs.flatMap(({ result }) => (result?.digest === digest ? [result.output] : []));
  for (const output of new Set(outputs)) {
    const bytes = await blobIfHere(deps, output);
    if (bytes && bytes.length <= MAX_RESULT_BYTES && resultKind(bytes, fromHex(digest))) return bytes;
  }
  return undefined;
};

const blobIfHere = async ({ blobs }: ApiDeps, hash: string): Promise<Uint8Array | undefined> => {
  try {
    return await blobs.get(hash);
  } catch (error) {
    if (error instanceof BlobMissingError) return undefined;
    throw error;
  }
};
