import { readFileSync } from 'node:fs';
import { DEVNET } from '../../infra/local/settings.ts';
import * as messages from '../../shared/chain/contract-messages.ts';
import { toHex } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { ChainUnderTest } from './chain-under-test.ts';
import { attribute, type Delivered, Sender, UPLOAD } from './sender.ts';
import { INPUT, MODEL, SEATS, Stage, type Work } from './stage.ts';
import type { Transcript } from './transcript.ts';

const WASM = Uint8Array.from(
  readFileSync(new URL('../../infra/chain/contract/artifact/quorate.wasm', import.meta.url)),
);
const WINDOWS = { roundBlocks: 1, commitBlocks: 8, revealBlocks: 6 };
/** As short as three attempts allow; so sessions, which must end before, are short as well. */
const UNBONDING_BLOCKS = 60;
/** What plays run with: windows that can be waited for. */
export const PARAMS = {
  ...DEVNET.contract,
  queue_blocks: 20,
  sessions: { ...DEVNET.contract.sessions, register_blocks: 4, session_blocks: 4, challenge_blocks: 4, open_blocks: 4 },
};

/** Uploads the contract. @returns its code id */
export const uploadQuorate = async (chain: ChainUnderTest): Promise<{ codeId: number; uploaded: Delivered }> => {
  const operator = new Sender(chain, 'operator');
  const uploaded = await operator.deliver([operator.upload(WASM)], UPLOAD);
  return { codeId: Number(attribute(uploaded, 'store_code', 'code_id')), uploaded };
};

/** One query from ask to settlement with a transaction at height -1, 0 and +1 of each window's end; then one that nobody serves. */
export const playQuorate = async (under: ChainUnderTest, codeId: number): Promise<Transcript> => {
  const init = { denom: DEVNET.denom, params: { ...PARAMS, unbonding_blocks: UNBONDING_BLOCKS } };
  const stage = await Stage.open(under, { codeId, windows: WINDOWS, init });
  const { log, operator, chain } = stage;
  const [early, before, last, late] = stage.nodes;
  await stage.run('bond', late, { bond: {} }, '5');
  const unbonded = await stage.run('unbond', late, { unbond: { amount: '5' } });
  await stage.run('withdraw too early', late, { withdraw: {} });
  const { queryId } = await stage.asked('ask');
  const opened = await chain.query(queryId);
  const close = opened?.opening?.commitClose ?? 0;
  const works = await Promise.all(stage.nodes.map((node) => stage.work(queryId, node)));
  const [of0, of1, of2, of3] = works as [Work, Work, Work, Work];
  const settle = messages.settleMessage(queryId);

  const first = await stage.at(close - 3, early, of0.commit);
  log.add('commit early', first);
  const [twice, justBefore] = await Promise.all([
    stage.at(close - 1, early, of0.commit),
    stage.at(close - 1, before, of1.commit),
  ]);
  log.add('commit twice', twice);
  log.add('commit at the last height but one', justBefore);
  const [atClose, tooEarly, settleTooEarly] = await Promise.all([
    stage.at(close, last, of2.commit),
    stage.at(close, before, of1.reveal),
    stage.at(close, operator, settle),
  ]);
  log.add('commit at the last height', atClose);
  log.add('reveal at the last height of commits', tooEarly);
  log.add('settle at the last height of commits', settleTooEarly);
  const [tooLate, firstReveal] = await Promise.all([
    stage.at(close + 1, late, of3.commit),
    stage.at(close + 1, before, of1.reveal),
  ]);
  log.add('commit one height too late', tooLate);
  log.add('reveal at the first height', firstReveal);

  const end = close + WINDOWS.revealBlocks;
  const [strangers, again] = await Promise.all([
    stage.at(end - 1, late, of3.reveal),
    stage.at(end - 1, before, of1.reveal),
  ]);
  log.add('reveal without a seat', strangers);
  log.add('reveal twice', again);
  const lastReveal = stage.at(end, last, of2.reveal);
  const settleAtEnd = stage.at(end, operator, settle);
  log.add('reveal at the last height', await lastReveal);
  log.add('settle at the last height of reveals', await settleAtEnd);
  log.add('reveal one height too late', await stage.at(end + 1, early, of0.reveal));
  await stage.run('settle', operator, settle);
  await stage.run('settle a final query', operator, settle);
  await stage.run('commit to a final query', late, of3.commit);

  const { queryId: lonely } = await stage.asked('ask again');
  const deadline = (await chain.query(lonely))?.opening?.commitClose ?? 0;
  const expire = messages.expireMessage(lonely);
  log.add('expire one height too early', await stage.at(deadline, operator, expire));
  log.add('expire', await stage.at(deadline + 1, operator, expire));

  const model = Buffer.from(MODEL, 'hex').toString('base64');
  await operator.reach(unbonded.height + UNBONDING_BLOCKS);
  await stage.run('withdraw', late, { withdraw: {} });
  await stage.run('unserve', early, { unserve: { model } });
  await stage.run('withdraw_model by a stranger', early, { withdraw_model: { model } });
  await stage.run('withdraw_model', operator, { withdraw_model: { model } });
  await stage.run(
    'ask for a withdrawn model',
    operator,
    messages.askMessage({
      model: MODEL,
      inputHash: toHex(sha256(INPUT)),
      input: { inline: INPUT },
      seats: SEATS,
      maxUnits: 1_000,
    }),
    '300000',
  );
  await stage.run('bond without funds', operator, { bond: {} });
  return log;
};
