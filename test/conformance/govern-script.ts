import { DEVNET } from '../../infra/local/settings.ts';
import * as messages from '../../shared/chain/contract-messages.ts';
import { fromHex, toBase64, toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { sha256 } from '../../shared/protocol/sha2.ts';
import type { Rule } from '../../shared/protocol/state.ts';
import type { ChainUnderTest } from './chain-under-test.ts';
import { PARAMS } from './quorate-script.ts';
import { attribute, Sender } from './sender.ts';
import { type Check, LONG_WINDOWS, type Played, SEATS, Stage } from './stage.ts';

const COOLDOWN_BLOCKS = 6;
const BASE = { ...PARAMS, lifecycle: { ...PARAMS.lifecycle, cooldown_blocks: COOLDOWN_BLOCKS } };
/** A model of its own kind: a trial, an expected time that nobody misses, votes that agree with their median. */
const MEASURED = toHex(sha256(utf8('a measured model')));
const TRIAL = toHex(sha256(utf8('the known answer')));
const MEDIAN: Rule = { custom: { function: { median: {} }, tolerance: 5, sketch_len: 2 } };
const DAY_MS = 86_400_000;
const TIMING = { k1Us: 10, k2Us: 1_000, minMs: DAY_MS, maxMs: 7 * DAY_MS };
/** The third is no outlier by its first number, but by its second. */
const SKETCHES = [
  [100, -200],
  [104, -199],
  [103, 500],
] as const;
const model = toBase64(fromHex(MEASURED));

/** A node's life and the admin's powers: trials, a rule and a timing of a model's own, parameters, weights, the pool. */
export const playGovernance = async (under: ChainUnderTest, codeId: number): Promise<Played> => {
  const admin = new Sender(under, 'operator');
  const init = { denom: DEVNET.denom, params: BASE, admin: admin.address };
  const stage = await Stage.open(under, { codeId, windows: LONG_WINDOWS, init, unmet: ['commit_close'] });
  const heir = new Sender(under, 'heir');
  stage.log.name(heir.address, 'heir');
  await models(stage);
  await trials(stage);
  await measured(stage);
  await parameters(stage, heir);
  await succession(stage, heir);
  const checks = [await spending(stage, heir), await stage.books()];
  await stage.view('governance at the end', { governance: {} });
  return { log: stage.log, checks };
};

const registering = (changes: object = {}): object =>
  messages.registerModelMessage({
    manifestHash: MEASURED,
    priceUnes: '1000',
    rule: MEDIAN,
    windows: LONG_WINDOWS,
    trial: TRIAL,
    timing: TIMING,
    ...changes,
  });

const models = async (stage: Stage): Promise<void> => {
  const trimmed: Rule = { custom: { function: { trimmed_mean: { trim_ppm: 500_000 } }, tolerance: 5, sketch_len: 65 } };
  await stage.runAll(stage.operator, [
    ['register_model out of bounds', registering({ rule: trimmed, timing: { ...TIMING, minMs: 0 } })],
    ['register_model with a trial of 31 bytes', registering({ trial: TRIAL.slice(2) })],
    ['register_model with trial, timing and a median', registering()],
  ]);
  await stage.view('the model', { model: { model } });
};

const trials = async (stage: Stage): Promise<void> => {
  const [unfit, ...others] = stage.nodes;
  const trial = { trial: { node: unfit.address, model } };
  await stage.run('serve without the trial', unfit, messages.serveMessage(MEASURED));
  const failed = await stage.run('serve with a wrong trial', unfit, messages.serveMessage(MEASURED, MEASURED));
  await stage.view('a failed trial', trial);
  const again = messages.serveMessage(MEASURED, TRIAL);
  const first = failed.height + COOLDOWN_BLOCKS;
  stage.log.add('serve at the last height of the cool-down', await stage.at(first - 1, unfit, again));
  stage.log.add('serve after the cool-down', await stage.at(first, unfit, again));
  await stage.view('a passed trial', trial);
  await stage.byEach('serve with the trial', () => [again], others);
};

/** One query to its verified end: two near the median, one not, one who stays away. */
const measured = async (stage: Stage): Promise<void> => {
  const { operator, nodes } = stage;
  const msg = messages.askMessage({
    model: MEASURED,
    inputHash: toHex(sha256(utf8('elsewhere'))),
    input: { uri: 'https://inputs.example/1' },
    inputUnits: 2_000,
    seats: SEATS,
    maxUnits: 1_000,
  });
  const asked = await stage.run('ask', operator, msg, '300001');
  const queryId = Number(attribute(asked, 'wasm-quorate', 'query_id'));
  await stage.answered(queryId, nodes.slice(0, SEATS), (i) => SKETCHES[i] ?? []);
  await stage.view('the query', { query: { id: queryId } });
  await stage.view('query_log', { query_log: { id: queryId } });
  await stage.view('query_log, one a page', { query_log: { id: queryId, limit: 1 } });
  await stage.view('node_log of the one who was wrong', { node_log: { node: nodes[2].address } });
  await stage.view('node_log of the one who stayed away', { node_log: { node: nodes[3].address } });
};

const updating = (changes: object): object => ({ update_params: { params: { ...BASE, ...changes } } });

const parameters = async (stage: Stage, heir: Sender): Promise<void> => {
  const { operator, nodes } = stage;
  await stage.run('update_params by a stranger', heir, updating({}));
  await stage.runAll(operator, [
    ['update_params out of bounds', updating({ max_seats: 12, min_bond: '0' })],
    ['update_params below what an attempt may last', updating({ unbonding_blocks: 240, queue_blocks: 1 })],
    ['update_params as they are', updating({})],
    ['reweigh when nothing changed', { reweigh: { limit: 30 } }],
    ['update_params: a smaller cap', updating({ bond_cap: '10000000', ageing_per_block: '20' })],
    ['reweigh nobody', { reweigh: { limit: 0 } }],
  ]);
  await stage.view('governance while weights change', { governance: {} });
  await stage.run('reweigh the first three', nodes[0], { reweigh: { limit: 3 } });
  await stage.run('reweigh the rest', nodes[0], { reweigh: { limit: 30 } });
  await stage.view('governance after', { governance: {} });
  await stage.view('models, with their new weights', { models: {} });
};

const succession = async (stage: Stage, heir: Sender): Promise<void> => {
  const { operator, nodes } = stage;
  const propose = { propose_admin: { admin: heir.address } };
  await stage.run('propose_admin by a stranger', heir, propose);
  await stage.runAll(operator, [
    ['accept_admin before a proposal', { accept_admin: {} }],
    ['propose_admin: no address', { propose_admin: { admin: 'nobody' } }],
    ['propose_admin', propose],
  ]);
  await stage.view('governance with a proposal', { governance: {} });
  await stage.run('accept_admin by another', nodes[0], { accept_admin: {} });
  await stage.run('accept_admin', heir, { accept_admin: {} });
  await stage.run('update_params by the former admin', operator, updating({}));
};

const spending = async (stage: Stage, heir: Sender): Promise<Check> => {
  const to = stage.under.signer('agent').address;
  const { poolUnes } = await stage.chain.totals();
  const before = await stage.chain.balanceUnes(to);
  const spend = (amount: bigint, receiver = to) => ({ spend_pool: { to: receiver, amount: String(amount) } });
  await stage.run('spend_pool by a stranger', stage.operator, spend(1n));
  await stage.runAll(heir, [
    ['spend nothing of the pool', spend(0n)],
    ['spend more than the pool', spend(poolUnes + 1n)],
    ['spend the pool on the contract', spend(1n, stage.contract)],
    ['spend_pool', spend(poolUnes - 1n)],
  ]);
  const received = (await stage.chain.balanceUnes(to)) - before;
  const left = (await stage.chain.totals()).poolUnes;
  return { what: 'pool', seen: `${received}, left ${left}`, due: `${poolUnes - 1n}, left 1` };
};
