import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text } from 'node:stream/consumers';
import { GenericAuthorization } from 'cosmjs-types/cosmos/authz/v1beta1/authz';
import { MsgGrant } from 'cosmjs-types/cosmos/authz/v1beta1/tx';
import { MsgExecuteContract } from 'cosmjs-types/cosmwasm/wasm/v1/tx';
import { expect } from 'vitest';
import type { ChainUnderTest } from '../conformance/chain-under-test.ts';
import { PROBE } from '../conformance/probe-script.ts';
import { attribute, Sender } from '../conformance/sender.ts';
import { deliveredIn, effectsOf } from './effects.ts';

export interface ChildTask extends Pick<ChainUnderTest, 'rpcUrl' | 'chainId' | 'denom' | 'minGasPrice'> {
  readonly contract: string;
  readonly storeFile: string;
  /** Names of accounts: in whose name, and who signs. */
  readonly principal: string;
  readonly lanes: readonly string[];
  readonly keys: readonly string[];
  /** Few, so that there are many transactions. */
  readonly maxMessages: number;
}

export interface ChildReport {
  /** Whatever a caller would have had to deal with. */
  readonly problems: readonly string[];
  readonly ended: readonly string[];
}

const CHILD = join(import.meta.dirname, 'parallel-child.ts');
const PRINCIPAL = 'lanes';
const LANES = ['lanes', 'lane-1', 'lane-2'] as const;

const runChild = async (task: ChildTask): Promise<ChildReport> => {
  const child = spawn(process.execPath, [CHILD, JSON.stringify(task)], { stdio: ['ignore', 'pipe', 'pipe'] });
  const [out, complaints, [code]] = await Promise.all([text(child.stdout), text(child.stderr), once(child, 'close')]);
  if (code !== 0) throw new Error(`a child ended with ${code}: ${complaints}`);
  return JSON.parse(out);
};

const grant = (granter: string, grantee: string) => ({
  typeUrl: MsgGrant.typeUrl,
  value: MsgGrant.fromPartial({
    granter,
    grantee,
    grant: {
      authorization: {
        typeUrl: GenericAuthorization.typeUrl,
        value: GenericAuthorization.encode({ msg: MsgExecuteContract.typeUrl }).finish(),
      },
    },
  }),
});

/**
 * Processes that share one principal, three lanes (its own account and two with its grant) and one store file send at once: each
 * message takes effect exactly once, and no caller sees an error.
 */
export const checkParallelSends = async (
  chain: ChainUnderTest,
  processes: number,
  sendsEach: number,
): Promise<void> => {
  const owner = new Sender(chain, PRINCIPAL);
  const uploaded = await owner.deliver([owner.upload(PROBE)], { gas: 5_000_000 });
  const codeId = Number(attribute(uploaded, 'store_code', 'code_id'));
  const born = await owner.deliver([owner.instantiate(codeId, { label: 'lanes' }, 'lanes')]);
  const contract = attribute(born, 'instantiate', '_contract_address');
  const others = LANES.filter((name) => name !== PRINCIPAL).map((name) => chain.signer(name).address);
  await owner.deliver(others.map((address) => grant(owner.address, address)));
  const from = await owner.height();

  const storeFile = join(mkdtempSync(join(tmpdir(), 'quorate-lanes-')), 'store.sqlite');
  const { rpcUrl, chainId, denom, minGasPrice } = chain;
  const common = {
    rpcUrl,
    chainId,
    denom,
    minGasPrice,
    contract,
    storeFile,
    principal: PRINCIPAL,
    lanes: LANES,
    maxMessages: 4,
  };
  const keys = Array.from({ length: processes }, (_, p) => Array.from({ length: sendsEach }, (_, i) => `${p}/${i}`));
  const reports = await Promise.all(keys.map((own) => runChild({ ...common, keys: own })));

  expect(reports.flatMap(({ problems }) => problems)).toEqual([]);
  expect(new Set(reports.flatMap(({ ended }) => ended))).toEqual(new Set(['included 0']));
  const delivered = await deliveredIn(owner.comet, from + 1, await owner.height());
  expect(effectsOf(delivered)).toEqual(Object.fromEntries(keys.flat().map((key) => [key, 1])));
  expect(delivered.map(({ code }) => code).filter((code) => code !== 0)).toEqual([]);
  process.stdout.write(
    `${chain.name}: ${processes * sendsEach} sends of ${processes} processes in ${delivered.length} transactions\n`,
  );
};
