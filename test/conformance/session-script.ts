import { DEVNET } from '../../infra/local/settings.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { fromHex, toBase64, toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { cutFee, partOf } from '../../shared/protocol/money.ts';
import { chosenAnswer, namedAgent, sessionSeed } from '../../shared/protocol/session.ts';
import type { ChainUnderTest } from './chain-under-test.ts';
import { announceMessage, type Chat, DEAR, LOCK_UNES } from './chat.ts';
import { PARAMS } from './quorate-script.ts';
import { attribute, type Delivered, Sender } from './sender.ts';
import { Play } from './session-play.ts';
import { LONG_WINDOWS, MissedBlock, MODEL, type Played, PRICE_UNES, Stage } from './stage.ts';

/** Long enough for a slow machine, short enough to be waited for. */
const BLOCKS = 10;
const ALWAYS_PPM = 1_000_000;
const CHALLENGE_SEATS = 3;
const FEE_UNES = PRICE_UNES * BigInt(CHALLENGE_SEATS);
const SLASH_PPM = 200_000;
const LOCK = String(LOCK_UNES);

const paramsWith = (challengePpm: number) => ({
  ...PARAMS,
  sessions: {
    ...PARAMS.sessions,
    register_blocks: BLOCKS,
    session_blocks: BLOCKS,
    challenge_blocks: BLOCKS,
    open_blocks: BLOCKS,
    challenge_ppm: challengePpm,
    challenge_seats: CHALLENGE_SEATS,
    breach_slash_ppm: SLASH_PPM,
  },
});

export const playSessions = async (under: ChainUnderTest, codeId: number): Promise<Played> => {
  const admin = new Sender(under, 'operator').address;
  const init = { denom: DEVNET.denom, params: paramsWith(ALWAYS_PPM), admin };
  const stage = await Stage.open(under, { codeId, windows: LONG_WINDOWS, init, unmet: ['commit_close', 'answer'] });
  const play = new Play(stage, new Sender(under, 'user'));
  stage.log.name(play.user.address, 'user');
  await announcements(play);
  await refusedLocks(play);
  await unanswered(play);
  await unchallengedForWant(play);
  await upheld(play);
  await refuted(play);
  await breach(play);
  await stage.run('update_params: no challenges', stage.operator, { update_params: { params: paramsWith(0) } });
  await unchallenged(play);
  await stage.view('sessions, the first two', { sessions: { limit: 2 } });
  await stage.view('agents', { agents: { model: toBase64(fromHex(MODEL)) } });
  await stage.view('totals', { totals: {} });
  play.checks.push(await stage.books());
  return { log: stage.log, checks: play.checks };
};

const announcements = async ({ stage, user }: Play): Promise<void> => {
  const [cheap, dear, dearToo, last] = stage.nodes;
  const tooDear = { inputUnes: 1n, outputUnes: (1n << 100n) + 1n };
  await stage.run('announce by no node', user, announceMessage('https://user.example'));
  await stage.runAll(cheap, [
    ['announce without a scheme', announceMessage('node-0.example')],
    ['announce a price too high', announceMessage('https://node-0.example', tooDear)],
    ['withdraw the offer before any', { announce: { service: null } }],
    ['announce', announceMessage('https://node-0.example')],
  ]);
  await stage.byEach('announce dearly', () => [announceMessage('https://dear.example', DEAR)], [dear, dearToo]);
  await stage.runAll(last, [
    ['announce and', announceMessage('https://node-3.example')],
    ['withdraw the offer', { announce: { service: null } }],
  ]);
};

const refusedLocks = async (play: Play): Promise<void> => {
  const { stage, user } = play;
  const { lock_session } = (await play.chat('refused')).lock();
  const lock = (changes: object): object => ({ lock_session: { ...lock_session, ...changes } });
  await stage.runAll(user, [
    ['lock nothing', lock({})],
    ['lock too little', lock({}), '9999'],
    ['lock with a key of 32 bytes', lock({ session_pubkey: toBase64(new Uint8Array(32)) }), LOCK],
    ['lock with a VRF key of low order', lock({ vrf_pubkey: toBase64(new Uint8Array(32)) }), LOCK],
    ['lock for an unknown model', lock({ model: toBase64(new Uint8Array(32)) }), LOCK],
    ['lock for less than anybody asks', lock({ price_in: '1' }), LOCK],
    ['lock at a price too high', lock({ price_in: String((1n << 100n) + 1n) }), LOCK],
    ['register an unknown session', (await play.chat('unknown')).register(new Uint8Array(80))],
  ]);
};

/** One that nobody registers, and one that names any of three agents, who is silent: both are refunded. */
const unanswered = async (play: Play): Promise<void> => {
  const { stage, user, checks } = play;
  const { operator, chain } = stage;
  const [silent, open] = [await play.chat('never registered'), await play.chat('never submitted')];
  const { module_seed } = (await stage.ask({ params: {} })) as { module_seed: string };
  await play.weighed('refunds', {}, async () => {
    const [first, second] = await stage.runAll(user, [
      ['lock: never registered', silent.lock(), LOCK],
      ['lock: never submitted', open.lock(DEAR), LOCK],
      ['lock with a used key', open.lock(), LOCK],
    ]);
    if (!first || !second) throw new Error('no locks');
    const seed = fromHex(attribute(second, 'wasm-quorate', 'seed'));
    const { header } = await operator.comet.block(second.height).then(({ block }) => block);
    const timeNs = BigInt(header.time.getTime()) * 1_000_000n + BigInt(header.time.nanoseconds ?? 0);
    const place = { chainId: chain.chainId, contract: stage.contract, sessionId: open.id };
    const moduleSeed = Buffer.from(module_seed, 'base64');
    checks.push({
      what: 'seed',
      seen: toHex(seed),
      due: toHex(sessionSeed(place, { moduleSeed, height: second.height, timeNs })),
    });
    const { proof, beta } = await open.draw(seed);
    const agents = stage.nodes.slice(0, 3).sort((a, b) => (a.address < b.address ? -1 : 1));
    const drawn = agents[namedAgent(beta, [1n, 1n, 1n]) ?? 0] as Sender;
    stage.log.name(drawn.address, 'drawn');
    const [, , named] = await stage.runAll(operator, [
      ['register with a proof over something else', open.register((await open.challenge(seed)).proof)],
      ['settle with a proof before a submission', open.settle(proof)],
      ['register: any of three', open.register(proof)],
      ['register again', open.register(proof)],
    ]);
    if (named?.result.code !== 0) throw new MissedBlock(named?.result.log);
    checks.push({ what: 'agent', seen: attribute(named, 'wasm-quorate', 'node'), due: drawn.address });
    const last = first.height + BLOCKS;
    stage.log.add('settle at the last height of registration', await stage.at(last, operator, silent.settle()));
    stage.log.add('settle: never registered', await stage.at(last + 1, operator, silent.settle()));
    await operator.reach(named.height + BLOCKS);
    await stage.run('settle: never submitted', operator, open.settle());
    stage.log.name(drawn.address, `node-${stage.nodes.indexOf(drawn)}`);
  });
};

/** It would be challenged, but the pool is empty: the agent is paid, and leaves a premium. */
const unchallengedForWant = async (play: Play): Promise<void> => {
  const { stage, user, agent } = play;
  const chat = await play.chat('pool too small');
  const { payment, premium } = chat.due(ALWAYS_PPM, FEE_UNES);
  const due = { user: -payment, agent: payment - premium, contract: premium, pool: premium };
  await play.weighed('pool too small', due, async () => {
    const seed = await play.registered('pool too small', chat);
    const { proof } = await chat.challenge(seed);
    const [, stranger] = stage.nodes;
    const forged = await user.signer.signDigest(chat.asked.at(-1)?.hash ?? new Uint8Array(32));
    await stage.runAll(agent, [
      ['submit no answers', chat.submit({ answers: 0 })],
      ['submit a root of 31 bytes', chat.submit({ answers_root: toBase64(new Uint8Array(31)) })],
      ['submit more than was signed', chat.submit({ output_tokens: '3501' })],
      ['submit what another key signed', chat.submit({}, forged)],
    ]);
    await stage.run('submit by a stranger', stranger, chat.submit());
    await play.intime('submit', agent, chat.submit());
    await stage.run('submit again', agent, chat.submit());
    await stage.run('settle with a proof over something else', user, chat.settle((await chat.draw(seed)).proof));
    await play.intime('settle: pool too small', user, chat.settle(proof));
    await stage.run('settle a final session', user, chat.settle());
  });
};

const challenged = async (play: Play, name: string, chat: Chat): Promise<{ tx: Delivered; answer: number }> => {
  const { stage, checks } = play;
  const { proof, beta } = await chat.challenge(await play.submitted(name, chat));
  const tx = await play.intime(`settle ${name}: a challenge`, stage.operator, chat.settle(proof));
  const answer = chosenAnswer(beta, chat.submission.answers);
  checks.push({
    what: `answer of ${name}`,
    seen: attribute(tx, 'wasm-quorate', 'answer'),
    due: String(answer),
  });
  return { tx, answer };
};

const upheld = async (play: Play): Promise<void> => {
  const { stage, agent } = play;
  const chat = await play.chat('upheld');
  const { payment, premium } = chat.due(ALWAYS_PPM, FEE_UNES);
  const spent = await spentOnCommittee(play);
  const due = { user: -payment, agent: payment - premium, contract: premium - spent, pool: premium - spent };
  await play.weighed('upheld', due, async () => {
    const { answer } = await challenged(play, 'upheld', chat);
    await stage.runAll(agent, [
      ['open the wrong answer', chat.open(1 - answer)],
      ['open with another input', chat.open(answer, { input: { inline: toBase64(new Uint8Array(1)) } })],
      ['open without a path', chat.open(answer, { path: [] })],
    ]);
    await stage.run('open by a stranger', stage.nodes[1], chat.open(answer));
    const queryId = await opened(play, 'upheld', chat, answer);
    await stage.run('open again', agent, chat.open(answer));
    await stage.run('settle a session that waits for its query', stage.operator, chat.settle());
    const { commit } = await stage.work(queryId, agent);
    await stage.run('commit to a query about its own answer', agent, commit);
    await stage.answered(queryId, stage.nodes.slice(1));
  });
  await stage.view('the session that was upheld', { session: { id: toBase64(chat.id) } });
};

/** The agent said something else than the committee finds. */
const refuted = async (play: Play): Promise<void> => {
  const { stage } = play;
  const chat = await play.chat('refuted', rawDigest(utf8('something else')));
  const [slash, spent] = [await slashOf(play), await spentOnCommittee(play)];
  await play.weighed('refuted', { contract: -spent, pool: slash - spent }, async () => {
    const { answer } = await challenged(play, 'refuted', chat);
    await stage.answered(await opened(play, 'refuted', chat, answer), stage.nodes.slice(1));
  });
  await stage.view('the session that was refuted', { session: { id: toBase64(chat.id) } });
};

/** @returns the query that the contract asks */
const opened = async (play: Play, name: string, chat: Chat, answer: number): Promise<number> => {
  const tx = await play.intime(`open ${name}`, play.agent, chat.open(answer));
  return Number(attribute(tx, 'wasm-quorate', 'query_id'));
};

/** What three nodes in agreement get of a challenge's fee. */
const spentOnCommittee = async ({ stage }: Play): Promise<bigint> => {
  const nodes = await Promise.all(stage.nodes.slice(1).map(({ address }) => stage.chain.node(address)));
  const { winners } = cutFee(
    FEE_UNES,
    nodes.map((node) => node?.reputation ?? 0),
    false,
  );
  return winners.reduce((sum, unes) => sum + unes, 0n);
};

const slashOf = async ({ stage, agent }: Play): Promise<bigint> =>
  partOf((await stage.chain.node(agent.address))?.bondUnes ?? 0n, BigInt(SLASH_PPM));

/** The agent does not open its answer in time. */
const breach = async (play: Play): Promise<void> => {
  const { stage, agent } = play;
  const chat = await play.chat('breach');
  await play.weighed('breach', { pool: await slashOf(play) }, async () => {
    const { tx, answer } = await challenged(play, 'breach', chat);
    const last = tx.height + BLOCKS;
    const settle = chat.settle();
    stage.log.add('settle at the last height of opening', await stage.at(last, stage.operator, settle));
    stage.log.add('open one height too late', await stage.at(last + 1, agent, chat.open(answer)));
    await stage.run('settle: breach', stage.operator, settle);
  });
  await stage.view('the session in breach', { session: { id: toBase64(chat.id) } });
  await stage.view('its agent', { node: { address: agent.address } });
};

/** One settled by the user's proof, one by the public lot. */
const unchallenged = async (play: Play): Promise<void> => {
  const { stage } = play;
  const [proved, public_] = [await play.chat('unchallenged'), await play.chat('public lot')];
  const { payment, premium } = proved.due(0, FEE_UNES);
  const due = { user: -payment, agent: payment - premium, contract: premium, pool: premium };
  await play.weighed('unchallenged', due, async () => {
    const { proof } = await proved.challenge(await play.submitted('unchallenged', proved));
    await play.intime('settle: unchallenged', stage.operator, proved.settle(proof));
  });
  await play.weighed('public lot', due, async () => {
    const seed = await play.registered('public lot', public_);
    const submitted = await play.intime('submit public lot', play.agent, public_.submit());
    const last = submitted.height + BLOCKS;
    const settle = public_.settle();
    const { proof } = await public_.challenge(seed);
    stage.log.add('settle without a proof at its last height', await stage.at(last, stage.operator, settle));
    stage.log.add('settle with a proof too late', await stage.at(last + 1, stage.operator, public_.settle(proof)));
    await stage.run('settle: public lot', stage.operator, settle);
  });
};
