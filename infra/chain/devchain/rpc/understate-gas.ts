import { SimulateResponse } from 'cosmjs-types/cosmos/tx/v1beta1/service';
import type { RpcHandle } from './json-rpc.ts';

/**
 * A node whose simulations say too little: where `understates` says so they report this share (0 to 1) of the gas. It stands for
 * a state that changes between a simulation and the block, so that the transaction runs out of gas.
 */
export function understateGas(handle: RpcHandle, understates: () => number | undefined): RpcHandle {
  return async (request) => {
    const answer = await handle(request);
    const { path } = (request.params ?? {}) as { path?: string };
    if (request.method !== 'abci_query' || !path?.endsWith('/Simulate') || !('result' in answer)) return answer;
    const result = answer.result as { response: { value: string | null } };
    const share = result.response.value ? understates() : undefined;
    if (share === undefined) return answer;
    const told = SimulateResponse.decode(Buffer.from(result.response.value ?? '', 'base64'));
    if (told.gasInfo) told.gasInfo.gasUsed = BigInt(Math.ceil(Number(told.gasInfo.gasUsed) * share));
    const value = Buffer.from(SimulateResponse.encode(told).finish()).toString('base64');
    return { ...answer, result: { ...result, response: { ...result.response, value } } };
  };
}
