import { TxResponse } from 'cosmjs-types/cosmos/base/abci/v1beta1/abci';
import { GetTxRequest, GetTxResponse, SimulateRequest, SimulateResponse } from 'cosmjs-types/cosmos/tx/v1beta1/service';
import { Tx } from 'cosmjs-types/cosmos/tx/v1beta1/tx';
import { Event } from 'cosmjs-types/tendermint/abci/types';
import { BadInputError } from '../../../../shared/errors.ts';
import { AbciError, GrpcStatusError, sdkErrors, toAbciError } from '../app/errors.ts';
import { GRPC_QUERIES } from '../app/grpc-queries.ts';
import type { Chain } from '../chain.ts';
import type { TxResult } from '../comet/abci.ts';
import { hexUpper, rfc3339 } from './encode.ts';

/** The answer to an abci_query; `code` 0 is success. */
export interface AbciQueryResult {
  readonly code: number;
  readonly codespace: string;
  readonly log: string;
  readonly value: Uint8Array;
  readonly height: number;
}

/** Serves a gRPC path over ABCI at `height` (0: the latest), as baseapp's handleQueryGRPC. Never throws for a bad query. */
export function abciQuery(chain: Chain, path: string, data: Uint8Array, height: number): AbciQueryResult {
  try {
    const value = answer(chain, path, data, height);
    return { code: 0, codespace: '', log: '', value, height: height === 0 ? chain.height : height };
  } catch (thrown) {
    const {
      codespace,
      abciCode: code,
      message: log,
    } = thrown instanceof QueryFailure ? thrown.error : asQueryError(thrown);
    return { code, codespace, log, value: new Uint8Array(0), height };
  }
}

/** An error that already has its final form. */
class QueryFailure extends Error {
  readonly error: AbciError;
  constructor(error: AbciError) {
    super(error.message);
    this.error = error;
  }
}

/** baseapp's gRPCErrorToSDKError: registered errors have gRPC code Unknown, which becomes code 6; others become code 18. */
function asQueryError(thrown: unknown): AbciError {
  if (thrown instanceof BadInputError && (thrown instanceof GrpcStatusError || thrown.code === 'bad-address')) {
    return sdkErrors.invalidRequest(thrown.message);
  }
  if (!(thrown instanceof AbciError)) return sdkErrors.invalidRequest(toAbciError(thrown).message);
  const isFinal = thrown.codespace === 'sdk' && thrown.abciCode === 22;
  return isFinal ? thrown : thrown.wrapAs(sdkErrors.unknownRequest());
}

function answer(chain: Chain, path: string, data: Uint8Array, height: number): Uint8Array {
  if (path === '/cosmos.tx.v1beta1.Service/Simulate') return simulate(chain, data);
  if (path === '/cosmos.tx.v1beta1.Service/GetTx') return getTx(chain, data);
  const query = GRPC_QUERIES[path];
  if (query === undefined) throw new QueryFailure(sdkErrors.unknownRequest('unknown query path'));
  const context = contextAt(chain, height);
  return query(chain.app, context, data);
}

function contextAt(chain: Chain, height: number) {
  try {
    return chain.queryContext(height);
  } catch (error) {
    throw new QueryFailure(toAbciError(error));
  }
}

function simulate(chain: Chain, data: Uint8Array): Uint8Array {
  const request = SimulateRequest.decode(data);
  const bytes =
    request.txBytes.length > 0 || request.tx === undefined ? request.txBytes : Tx.encode(request.tx).finish();
  if (bytes.length === 0) throw new QueryFailure(sdkErrors.invalidRequest('empty txBytes is not allowed'));
  const result = chain.simulate(bytes);
  if (result.code !== 0) {
    const status = `rpc error: code = Unknown desc = ${result.log} with gas used: '${result.gasUsed}'`;
    throw new QueryFailure(sdkErrors.unknownRequest(status));
  }
  const { gasUsed, gasWanted, log } = result;
  const events = protoEvents(result);
  return SimulateResponse.encode(
    SimulateResponse.fromPartial({ gasInfo: { gasUsed, gasWanted }, result: { data: result.data, log, events } }),
  ).finish();
}

function getTx(chain: Chain, data: Uint8Array): Uint8Array {
  const { hash } = GetTxRequest.decode(data);
  const found = chain.blocks.txByHash(Uint8Array.from(Buffer.from(hash, 'hex')));
  if (found === undefined) {
    throw sdkErrors.keyNotFound(`rpc error: code = NotFound desc = tx not found: ${hash}`);
  }
  const { result } = found;
  const tx = Tx.decode(found.tx);
  const txResponse = TxResponse.fromPartial({
    height: BigInt(found.height),
    txhash: hexUpper(found.hash),
    codespace: result.codespace,
    code: result.code,
    data: hexUpper(result.data),
    rawLog: result.log,
    gasWanted: result.gasWanted,
    gasUsed: result.gasUsed,
    tx: { typeUrl: Tx.typeUrl, value: found.tx },
    timestamp: rfc3339(chain.blocks.at(found.height)?.timeMs ?? 0),
    events: protoEvents(result),
  });
  return GetTxResponse.encode({ tx, txResponse }).finish();
}

function protoEvents(result: TxResult): Event[] {
  return result.events.map(({ type, attributes }) =>
    Event.fromPartial({ type, attributes: attributes.map(({ key, value }) => ({ key, value, index: true })) }),
  );
}
