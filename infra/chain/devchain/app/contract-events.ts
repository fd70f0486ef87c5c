import { type AbciEvent, type EventAttribute, event } from '../comet/abci.ts';
import type { Context } from './context.ts';
import type { ContractResponse } from './contract-response.ts';
import { wasmErrors } from './errors.ts';

/**
 * A contract's own events (wasmd v0.61 keeper/events.go): `wasm` when it set attributes, then `wasm-<type>` for each event,
 * each with `_contract_address` first. Throws wasm code 21 for names the chain reserves or that are empty.
 */
export function emitContractEvents(ctx: Context, contract: string, response: ContractResponse): void {
  if (response.attributes.length > 0) ctx.events.push(contractEvent('wasm', contract, response.attributes));
  for (const { type, attributes } of response.events) {
    const name = type.trim();
    if (name.length <= 2) throw wasmErrors.invalidEvent(`Event type too short: '${name}'`);
    ctx.events.push(contractEvent(`wasm-${name}`, contract, attributes));
  }
}

function contractEvent(type: string, contract: string, attributes: readonly EventAttribute[]): AbciEvent {
  const built = event(type, ['_contract_address', contract]);
  for (const attribute of attributes) {
    const key = attribute.key.trim();
    if (key === '') throw wasmErrors.invalidEvent(`Empty attribute key. Value: ${attribute.value}`);
    if (key.startsWith('_')) {
      throw wasmErrors.invalidEvent(`Attribute key starts with reserved prefix _: '${key}'`);
    }
    built.attributes.push({ key, value: attribute.value.trim() });
  }
  return built;
}
