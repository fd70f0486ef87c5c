import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import type { Any } from 'cosmjs-types/google/protobuf/any';

/** The compact text that gogoproto's String gives a message; x/authz puts it into its errors. Bytes are printed as text, escaped. */
export function goText({ typeUrl, value }: Any): string {
  if (typeUrl !== MsgExecuteContract.typeUrl) return typeUrl;
  const { sender, contract, msg, funds } = MsgExecuteContract.decode(value);
  const coins = funds.map(({ denom, amount }) => `funds:<denom:${quote(denom)} amount:${quote(amount)} > `);
  return `sender:${quote(sender)} contract:${quote(contract)} msg:${quote(new TextDecoder().decode(msg))} ${coins.join('')}`;
}

function quote(text: string): string {
  return `"${text.replace(/[\\"]/g, (character) => `\\${character}`).replaceAll('\n', '\\n')}"`;
}
