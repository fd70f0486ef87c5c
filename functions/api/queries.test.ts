import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { openFileBlobs } from '../../shared/adapters/local/file-blobs.ts';
import { openDatabase } from '../../shared/adapters/local/sqlite.ts';
import { openSqliteQueue } from '../../shared/adapters/local/sqlite-queue.ts';
import { openSqliteStore } from '../../shared/adapters/local/sqlite-store.ts';
import { stageKey } from '../../shared/messages/stage-job.ts';
import { rawDigest } from '../../shared/protocol/digest.ts';
import { toHex, utf8 } from '../../shared/protocol/encoding.ts';
import { anomalyKey, coverageWrite } from '../../shared/rows/coverage.ts';
import { type QueryRow, queryKey } from '../../shared/rows/query.ts';
import { type RunRow, runKey, runsOfQuery } from '../../shared/rows/run.ts';
import { txKey } from '../../shared/rows/transaction.ts';
import { FakeClock, seededRandom } from '../../test/contracts/fakes.ts';
import { coveredBlock } from '../../test/covered-block.ts';
import { createApi } from './app.ts';
import { modelState, queryState, verifiedState } from './testdata/scripted-chain.ts';
import { createWorld, NOW_MS } from './testdata/world.ts';

const NODE = 'quo1qyqszqgpqyqszqgpqyqszqgpqyqszqgp3aw2zp';
const RESULT = utf8('INVOICE 42');
const DIGEST = toHex(rawDigest(RESULT));

const open = async () => {
  const database = openDatabase(':memory:');
  const [clock, random] = [new FakeClock(NOW_MS), seededRandom(1)];
  const store = openSqliteStore(database);
  const blobs = openFileBlobs(mkdtempSync(join(tmpdir(), 'quorate-api-')));
  const world = await createWorld({ store, queue: openSqliteQueue(database, { clock, random }), blobs, clock, random });
  const put = (key: { pk: string; sk: string }, body: unknown) =>
    store.transact([{ kind: 'put', key, body, expect: 'any' }]);
  return {
    ...world,
    put,
    get: async (path: string) => {
      const response = await world.request(path);
      return { status: response.status, headers: response.headers, body: JSON.parse(await response.text()) };
    },
    putRun: async (change: Partial<RunRow>, node = NODE) => {
      const run = { chainId: 'test-1', queryId: 7, attempt: 0, node };
      const hash = 'aa'.repeat(32);
      const row = { run, queryHash: hash, model: world.model, inputHash: hash, state: 'seen', history: [], ...change };
      await put(runKey(run), row);
      await put({ pk: runsOfQuery('test-1', 7), sk: `0/${node}` }, run);
      return run;
    },
  };
};

const result = (digest: string, output: string): NonNullable<RunRow['result']> => ({
  digest,
  output,
  receiptsRoot: 'ab'.repeat(32),
  receipts: [],
});

const queryRow = (queryId: number, change: Partial<QueryRow> = {}): QueryRow => ({
  chainId: 'test-1',
  queryId,
  queryHash: 'aa'.repeat(32),
  asker: NODE,
  model: 'bb'.repeat(32),
  inputHash: 'cc'.repeat(32),
  seats: 3,
  feeUnes: '3000',
  askedHeight: 90,
  attempt: 0,
  status: 'committing',
  history: [],
  ...change,
});

describe('GET /v1/queries', () => {
  it('shows the read model, with links', async () => {
    const world = await open();
    await world.put(queryKey('test-1', 7), queryRow(7));
    const { status, body } = await world.get('/v1/queries/7');
    expect(status).toBe(200);
    expect(body).toMatchObject({
      queryId: 7,
      status: 'committing',
      feeUnes: '3000',
      links: { why: '/v1/queries/7/why' },
    });
  });

  it('shows what the contract holds where the read model has nothing yet', async () => {
    const world = await open();
    world.chain.knownQueries.set(8, queryState(8));
    expect((await world.get('/v1/queries/8')).body).toMatchObject({ queryId: 8, status: 'committing' });
  });

  it('pages by id', async () => {
    const world = await open();
    for (const id of [1, 2, 3, 4, 5]) await world.put(queryKey('test-1', id), queryRow(id));
    const first = (await world.get('/v1/queries?limit=3')).body;
    expect(first.queries.map((q: { queryId: number }) => q.queryId)).toEqual([1, 2, 3]);
    const second = (await world.get(`/v1/queries?limit=3&after=${first.next}`)).body;
    expect(second.queries.map((q: { queryId: number }) => q.queryId)).toEqual([4, 5]);
    expect(second.next).toBeNull();
    expect((await world.get('/v1/queries?limit=0')).status).toBe(400);
  });

  it.each(['', '/result', '/receipt', '/why'])(
    'rejects an unknown query at %s and one that is no number',
    async (path) => {
      const world = await open();
      const unknown = await world.get(`/v1/queries/9${path}`);
      expect([unknown.status, unknown.body.error.code]).toEqual([404, 'unknown-query']);
      expect((await world.get(`/v1/queries/x9${path}`)).status).toBe(400);
    },
  );
});

describe('GET /v1/queries/{id}/result', () => {
  it('gives the bytes whose digest the contract settled on', async () => {
    const world = await open();
    world.chain.knownQueries.set(7, verifiedState(7, DIGEST, world.model));
    await world.putRun({ result: result('cd'.repeat(32), await world.deps.blobs.put(utf8('a lie'))) }, 'quo1liar');
    await world.putRun({ result: result(DIGEST, await world.deps.blobs.put(RESULT)) });
    const response = await world.request('/v1/queries/7/result');
    expect(await response.text()).toBe('INVOICE 42');
    expect(response.headers.get('content-type')).toBe('text/plain; charset=utf-8');
    expect(response.headers.get('quorate-digest')).toBe(DIGEST);
  });

  it('refuses an answer that is larger than its host lets through, and names the blob', async () => {
    const world = await open();
    world.chain.knownQueries.set(7, verifiedState(7, DIGEST, world.model));
    const output = await world.deps.blobs.put(RESULT);
    await world.putRun({ result: result(DIGEST, output) });
    const answer = async (maxBodyBytes: number) => {
      const app = createApi({ ...world.deps, config: { ...world.deps.config, maxBodyBytes } });
      return await app.request('/v1/queries/7/result');
    };
    expect((await answer(RESULT.length)).status).toBe(200);
    const refused = await answer(RESULT.length - 1);
    expect(refused.status).toBe(413);
    expect(JSON.parse(await refused.text()).error).toMatchObject({
      code: 'result-too-large',
      details: { blob: output, sizeBytes: RESULT.length, maxBytes: RESULT.length - 1 },
    });
  });

  it.each([
    ['receipt', 'committing'],
    ['result', 'committing'],
    ['result', 'settling'],
  ] as const)('rejects the %s of a query that is %s, with its state and the next step', async (what, status) => {
    const world = await open();
    await world.put(queryKey('test-1', 7), queryRow(7, { status }));
    const { status: code, body } = await world.get(`/v1/queries/7/${what}`);
    expect([code, body.error.code, body.error.details.status]).toEqual([409, 'not-yet-verified', status]);
    expect(body.error.next).toContain('/why');
  });

  it('rejects the result of a refunded query', async () => {
    const world = await open();
    await world.put(queryKey('test-1', 7), queryRow(7, { status: 'refunded', reason: 'no_majority' }));
    const { status, body } = await world.get('/v1/queries/7/result');
    expect([status, body.error.code]).toEqual([410, 'query-refunded']);
  });

  it('rejects where no run here gave the winning digest', async () => {
    const world = await open();
    world.chain.knownQueries.set(7, verifiedState(7, DIGEST, world.model));
    await world.putRun({ result: result('cd'.repeat(32), await world.deps.blobs.put(utf8('a lie'))) });
    const { status, body } = await world.get('/v1/queries/7/result');
    expect([status, body.error.code]).toEqual([404, 'result-not-held']);
  });

  it('never serves bytes that do not have the digest that their row claims', async () => {
    const world = await open();
    world.chain.knownQueries.set(7, verifiedState(7, DIGEST, world.model));
    await world.putRun({ result: result(DIGEST, await world.deps.blobs.put(utf8('something else'))) });
    const { status, body } = await world.get('/v1/queries/7/result');
    expect([status, body.error.code]).toEqual([500, 'internal-error']);
    expect(world.logged.join()).toContain('result-digest');
  });
});

describe('GET /v1/queries/{id}/receipt', () => {
  it('gives the file that was built before, without the chain', async () => {
    const world = await open();
    world.chain.knownQueries.set(7, verifiedState(7, DIGEST, world.model));
    await world.put({ pk: 'receipts/test-1', sk: '7' }, { hash: await world.deps.blobs.put(utf8('{"receipt":1}')) });
    expect((await world.get('/v1/queries/7/receipt')).body).toEqual({ receipt: 1 });
  });

  it('says to try again while the events are not all read', async () => {
    const world = await open();
    world.chain.knownQueries.set(7, verifiedState(7, DIGEST, world.model));
    const { status, headers, body } = await world.get('/v1/queries/7/receipt');
    expect([status, body.error.code]).toEqual([503, 'events-incomplete']);
    expect(headers.get('retry-after')).toBe('5');
  });
});

describe('GET /v1/queries/{id}/why', () => {
  it('says in sentences what query, run, stages and transaction wait for, and what was odd', async () => {
    const world = await open();
    world.chain.knownQueries.set(7, queryState(7));
    const run = await world.putRun({ state: 'running', draw: { round: 1, proof: 'aa', beta: 'bb' } });
    const job = {
      run,
      queryHash: 'aa'.repeat(32),
      model: world.model,
      stage: 0,
      stages: 2,
      epoch: 1,
      input: { from: 'previous' },
    };
    const claimed = { state: 'claimed', job, worker: 'w1', leaseUntilMs: NOW_MS + 4_000 };
    await world.put(stageKey(run, 0), claimed);
    const committing = await world.putRun(
      { state: 'committing', tx: { kind: 'commit', id: 't1', tries: 2 } },
      'quo1other',
    );
    const intent = { txId: 't1', signer: committing.node, msg: {}, fundsUnes: '0', deadlineHeight: 115 };
    await world.put(txKey('t1'), { state: 'planned', intent, signatures: 0 });
    const anomaly = { kind: 'hidden-event', queryId: 7, height: 97, detail: 'kept silent', atMs: 1 } as const;
    await world.put(anomalyKey('test-1', anomaly), anomaly);
    const { status, body } = await world.get('/v1/queries/7/why');
    expect(status).toBe(200);
    expect(body.sentences.join(' ')).toContain('Nodes may commit for 16 blocks more: 1 of 3 seats are committed');
    const [other, ours] = body.runs.map((r: { sentences: string[] }) => r.sentences.join(' '));
    expect(`${ours}${other}`).toContain('Stage 1 of 2 is with worker w1, whose lease has 4 s left.');
    expect(`${ours}${other}`).toContain('Its commit (try 2) waits for its signer; 15 blocks are left.');
    expect(body.anomalies).toEqual(['hidden-event at 97: kept silent']);
  });

  it('says whether every block of its life was read, from where, and what went wrong in these blocks', async () => {
    const world = await open();
    world.chain.knownQueries.set(7, queryState(7));
    const why = async () => (await world.get('/v1/queries/7/why')).body;
    expect((await why()).sentences).toContain(
      'This deployment has read none of blocks 90 to 100, in which the query lives.',
    );
    const cover = async (...heights: number[]) => {
      const blocks = heights.map((height) =>
        coveredBlock(height, { events: 0, source: 'rpc-a', ...(height % 2 === 0 && { witness: 'rpc-b' }) }),
      );
      await world.deps.store.transact([coverageWrite('test-1', blocks)]);
    };
    await cover(90, 91, 92);
    await cover(95, 96);
    expect((await why()).sentences).toEqual(
      expect.arrayContaining([
        'Of blocks 90 to 100 these were not read: 93 to 94.',
        'Blocks 97 to 100 are still to be read.',
        'They were read from rpc-a (5 read, 0 compared), rpc-b (0 read, 3 compared); 3 of 5 were compared with a second endpoint.',
      ]),
    );
    await cover(93, 94);
    await cover(97, 98, 99, 100);
    const anomalies = [
      { kind: 'rpc-disagrees', queryId: 8, height: 95, detail: 'of another query', atMs: 1 },
      { kind: 'block-hash', height: 96, detail: 'a fork', atMs: 1 },
      { kind: 'block-hash', height: 89, detail: 'before its time', atMs: 1 },
    ] as const;
    for (const anomaly of anomalies) await world.put(anomalyKey('test-1', anomaly), anomaly);
    const { sentences, anomalies: told } = await why();
    expect(sentences).toContain('All blocks 90 to 100 were read, none left out.');
    expect(told).toEqual(['block-hash at 96: a fork']);
  });

  it.each([
    [queryState(7, { phase: 'queued', opening: undefined, queueDeadline: 109 }), 'refunded in 10 blocks'],
    [
      queryState(7, { opening: { ...queryState(7).opening!, commitClose: 99, revealClose: 100 } }),
      'reveal, for 1 block more',
    ],
    [queryState(7, { opening: { ...queryState(7).opening!, commitClose: 90, revealClose: 95 } }), 'send Settle now'],
    [queryState(7, { opening: { ...queryState(7).opening!, committed: 0, commitClose: 90 } }), 'send Expire now'],
    [verifiedState(7, DIGEST, 'bb'.repeat(32)), '3 of 3 seats agreed'],
  ])('explains each phase (%#)', async (state, sentence) => {
    const world = await open();
    world.chain.knownQueries.set(7, state);
    expect((await world.get('/v1/queries/7/why')).body.sentences.join(' ')).toContain(sentence);
  });
});

describe('GET /v1/queries/{id}/money', () => {
  it('refuses a query that is not there, and says what is missing of one that no event told of', async () => {
    const world = await open();
    expect(await world.get('/v1/queries/9/money')).toMatchObject({
      status: 404,
      body: { error: { code: 'unknown-query' } },
    });
    world.chain.knownQueries.set(7, queryState(7));
    const { status, body } = await world.get('/v1/queries/7/money');
    expect(status).toBe(503);
    expect(body.error).toMatchObject({ code: 'money-incomplete', details: { missing: ['the ask at height 90'] } });
  });
});

describe('models and nodes', () => {
  it('shows the contract’s models with what the manifest says of those installed here', async () => {
    const world = await open();
    world.chain.knownModels.set('ff'.repeat(32), modelState('ff'.repeat(32), { withdrawn: true }));
    const { models } = (await world.get('/v1/models')).body;
    expect(models).toHaveLength(2);
    const one = (await world.get(`/v1/models/${world.model}`)).body;
    expect(one).toMatchObject({ name: 'reader', installed: true, isDefault: true, priceUnes: '1000' });
    expect((await world.get(`/v1/models/${'ff'.repeat(32)}`)).body).toMatchObject({
      name: null,
      installed: false,
      withdrawn: true,
    });
    expect((await world.get(`/v1/models/${'0'.repeat(64)}`)).body.error.code).toBe('unknown-model');
  });

  it('reckons what cheating would bring from the nodes that serve a model, and says nothing without any', async () => {
    const world = await open();
    const path = `/v1/models/${world.model}`;
    expect((await world.get(path)).body.cheating).toBeNull();
    const node = {
      vrfPublicKey: 'aa'.repeat(32),
      bondUnes: 1_000_000n,
      unbonding: [],
      reputation: 1_000,
      tier: 'standard',
      seatsSettled: 0,
      seatsWon: 0,
    } as const;
    for (const [i, models] of [[world.model], [world.model], [world.model], []].entries()) {
      world.chain.knownNodes.set(`quo1node${i}`, { ...node, address: `quo1node${i}`, models });
    }
    const { cheating } = (await world.get(path)).body;
    expect(cheating.assumed).toMatchObject({
      nodes: 3,
      seats: 3,
      bondUnes: '1000000',
      feeUnes: '3000',
      slashUnes: 50_000,
    });
    const strategies: { strategy: string; gainUnes: number; catchRate: number }[] = cheating.strategies;
    expect(strategies.map(({ strategy }) => strategy)).toEqual(['honest', 'guess', 'copy', 'withhold']);
    expect(strategies[0]?.gainUnes).toBe(0);
    // Three equal nodes for three seats: all are drawn, and a lie is always caught.
    expect(strategies[1]).toMatchObject({ catchRate: 1, gainUnes: -50_000 - cheating.assumed.reputationUnes });
    expect((await world.get('/v1/models')).body.models[0].cheating).toEqual(cheating);
  });

  it('shows nodes, and refuses an address that is none', async () => {
    const world = await open();
    const address = NODE_ADDRESS;
    const standing = { reputation: 1_010, tier: 'standard', seatsSettled: 7, seatsWon: 6 } as const;
    const node = { address, vrfPublicKey: 'aa'.repeat(32), bondUnes: 5n, unbonding: [], models: [], ...standing };
    world.chain.knownNodes.set(address, node);
    expect((await world.get('/v1/nodes')).body.nodes).toHaveLength(1);
    expect((await world.get(`/v1/nodes/${address}`)).body).toMatchObject({
      bondUnes: '5',
      reputationThousandths: 1_010,
      tier: 'standard',
      seatsWon: 6,
    });
    world.chain.knownNodes.clear();
    expect((await world.get(`/v1/nodes/${address}`)).body.error.code).toBe('unknown-node');
    expect((await world.get('/v1/nodes/quo1nonsense')).status).toBe(400);
  });

  it('describes every route', async () => {
    const world = await open();
    const { body } = await world.get('/openapi.json');
    expect(Object.keys(body.paths).length).toBeGreaterThanOrEqual(17);
    expect(body.paths['/v1/queries'].post.requestBody.required).toBe(true);
  });
});

/** A real address: its checksum is right. */
const NODE_ADDRESS = 'quo1hhtcj6uhvts2k0w3vnnfcykc65ns93q628kppr';
