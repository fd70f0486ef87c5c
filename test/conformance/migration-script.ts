import { readFileSync } from 'node:fs';
import type { EncodeObject } from '@cosmjs/proto-signing';
import { DEVNET } from '../../infra/local/settings.ts';
import * as messages from '../../shared/chain/contract-messages.ts';
import type { ChainUnderTest } from './chain-under-test.ts';
import { announceMessage } from './chat.ts';
import { PARAMS } from './quorate-script.ts';
import { attribute, Sender, UPLOAD } from './sender.ts';
import { LONG_WINDOWS, type Played, SEATS, Stage } from './stage.ts';

const PREVIOUS = Uint8Array.from(readFileSync(new URL('./testdata/quorate-0.1.0.wasm.gz', import.meta.url)));
const { sessions, lifecycle, ...PREVIOUS_PARAMS } = PARAMS;

/** 0.1.0 knows none of the fields that came after it, and refuses what it does not know. */
const withoutNulls = (msg: object): object => JSON.parse(JSON.stringify(msg, (_, value) => value ?? undefined));

/** A query that is asked and committed to on 0.1.0, and revealed and settled on the current code. */
export const playMigration = async (under: ChainUnderTest, codeId: number): Promise<Played> => {
  const stranger = new Sender(under, 'heir');
  const uploader = new Sender(under, 'operator');
  const uploaded = await uploader.deliver([uploader.upload(PREVIOUS)], UPLOAD);
  const previousId = Number(attribute(uploaded, 'store_code', 'code_id'));
  const init = { denom: DEVNET.denom, params: PREVIOUS_PARAMS };
  const stage = await Stage.open(under, {
    codeId: previousId,
    windows: LONG_WINDOWS,
    init,
    form: withoutNulls,
    unmet: ['commit_close'],
  });
  const { operator, log } = stage;
  log.add('upload of 0.1.0, gzipped', uploaded);
  log.name(stranger.address, 'stranger');
  const committee = stage.nodes.slice(0, SEATS);
  const { queryId } = await stage.asked('ask on 0.1.0');
  const works = await Promise.all(committee.map((node) => stage.work(queryId, node)));
  for (const [i, { commit }] of works.entries()) {
    await stage.run(`commit ${i} on 0.1.0`, committee[i] as Sender, commit);
  }
  await stage.run('a message of 0.2.0 on 0.1.0', committee[0] as Sender, announceMessage('https://node-0.example'));

  const step = async (name: string, from: Sender, message: EncodeObject): Promise<void> =>
    log.add(name, await from.deliver([message]));
  const msg = { admin: operator.address, sessions, lifecycle };
  const migrate = (name: string, code: number, content: object = msg, from = operator): Promise<void> =>
    step(name, from, from.migrate(stage.contract, code, content));
  await migrate('migrate by a stranger', codeId, msg, stranger);
  await migrate('migrate without what is new', codeId, {});
  const tooSmall = { ...msg, sessions: { ...sessions, min_lock: '0' } };
  await migrate('migrate with parameters out of bounds', codeId, tooSmall);
  await migrate('migrate from 0.1.0 in mid-query', codeId);
  await stage.view('governance after the migration', { governance: {} });
  await stage.view('parameters after the migration', { params: {} });
  await stage.view('the query after the migration', { query: { id: queryId } });

  await stage.revealed(queryId, committee, works);
  await stage.run('settle on the new code', operator, messages.settleMessage(queryId));
  await stage.view('query_log across the migration', { query_log: { id: queryId } });
  await stage.run('reweigh after the migration', operator, { reweigh: { limit: 30 } });
  await stage.run('announce after the migration', committee[0] as Sender, announceMessage('https://node-0.example'));
  await migrate('migrate to the same version', codeId);
  await migrate('migrate back to 0.1.0', previousId, {});
  await stage.view('governance still', { governance: {} });
  return { log, checks: [await stage.books()] };
};
