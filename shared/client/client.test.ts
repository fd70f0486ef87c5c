import type { OfflineDirectSigner } from '@cosmjs/proto-signing';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { FakeClock } from '../../test/contracts/fakes.ts';
import { BadInputError, TransientError } from '../errors.ts';
import type { Chain } from '../ports/chain.ts';
import { rawDigest } from '../protocol/digest.ts';
import { toHex, utf8 } from '../protocol/encoding.ts';
import { sha256 } from '../protocol/sha2.ts';
import type { QueryStatus } from './answers.ts';
import { type AskDeps, askWithWallet } from './ask.ts';
import { createClient } from './client.ts';
import { apiHttp, type Fetch } from './http.ts';
import { checkedResult } from './result.ts';
import { waitUntilFinal } from './wait.ts';

const MODEL = 'ab'.repeat(32);
const json = (body: unknown, status = 200) => new Response(JSON.stringify(body), { status });
/** A client of this API, with no chain to reach, whose sleeps take no time. */
const clientOf = (fetch: Fetch) => {
  const clock = new FakeClock();
  return createClient({
    apiUrl: 'http://api',
    rpcUrl: 'http://127.0.0.1:9',
    contract: 'c',
    denom: 'unes',
    gasPrice: '1unes',
    clock: { nowMs: () => clock.nowMs(), sleep: async (ms) => clock.advance(ms) },
    fetch,
  });
};
const status = (change: Partial<QueryStatus>): QueryStatus => ({
  queryId: 7,
  status: 'committing',
  attempt: 0,
  asker: 'a',
  model: MODEL,
  seats: 3,
  feeUnes: '3000',
  links: {},
  ...change,
});

describe('apiHttp', () => {
  it('turns refusals back into typed errors, with code, next step and details', async () => {
    const error = { code: 'short-fee', message: 'm', next: 'n', details: { requiredUnes: '3' } };
    const api = apiHttp('http://api/', async () => json({ error }, 402));
    await expect(api.bytes('/x')).rejects.toMatchObject({ family: 'bad-input', ...error });
    const down = apiHttp('http://api', async () => json({ error: { ...error, code: 'rpc-unavailable' } }, 503));
    await expect(down.bytes('/x')).rejects.toMatchObject({ family: 'transient', code: 'rpc-unavailable' });
  });

  it('sends the key of a tenant with each request, beside its other headers, and none where it has none', async () => {
    const seen: (string | null)[][] = [];
    const fetch: Fetch = async (_, init) => {
      const headers = new Headers(init?.headers);
      seen.push([headers.get('authorization'), headers.get('content-type')]);
      return new Response('x');
    };
    const keyed = apiHttp('http://api', fetch, 'secret-key');
    const headers = { 'content-type': 'application/json' };
    await keyed.bytes('/x');
    await keyed.json('/x', z.unknown(), { method: 'POST', headers }).catch(() => undefined);
    await apiHttp('http://api', fetch).bytes('/x');
    expect(seen).toEqual([
      ['Bearer secret-key', null],
      ['Bearer secret-key', 'application/json'],
      [null, null],
    ]);
  });

  it('says what is unreachable, and what is not an answer of this API', async () => {
    const gone = apiHttp('http://api', () => Promise.reject(new TypeError('fetch failed')));
    await expect(gone.bytes('/x')).rejects.toMatchObject({ code: 'api-unreachable', family: 'transient' });
    const proxy = apiHttp('http://api', async () => new Response('<html>', { status: 502 }));
    await expect(proxy.bytes('/x')).rejects.toMatchObject({ code: 'api-error', family: 'transient' });
    const client = clientOf(async () => new Response('<html>'));
    await expect(client.status(1)).rejects.toMatchObject({ code: 'api-answer' });
    await expect(client.ask(new Uint8Array())).rejects.toMatchObject({ code: 'no-wallet' });
  });
});

describe('receipt', () => {
  const receiptFrom = (answers: Response[]) => {
    const client = clientOf(async () => (answers.length > 1 ? answers.shift() : answers[0]?.clone()) ?? json({}));
    return client.receipt(7);
  };
  const refuse = (code: string, httpStatus: number) => json({ error: { code, message: 'm' } }, httpStatus);

  it('comes once the deployment has read as far as the contract is', async () => {
    const answers = [refuse('events-incomplete', 503), refuse('events-incomplete', 503), new Response('{}')];
    expect(await receiptFrom(answers)).toEqual(utf8('{}'));
  });

  it('fails when the deployment never gets there, and at once for any other reason', async () => {
    await expect(receiptFrom([refuse('events-incomplete', 503)])).rejects.toMatchObject({ code: 'events-incomplete' });
    const later = [refuse('query-refunded', 410), new Response('{}')];
    await expect(receiptFrom(later)).rejects.toMatchObject({ code: 'query-refunded' });
  });
});

describe('checkedResult', () => {
  const api = apiHttp('http://api', async () => new Response('INVOICE', { headers: { 'content-type': 'text/plain' } }));
  const chainWith = (digest: string | undefined) => async () =>
    ({ query: async () => ({ phase: 'reveal', outcome: digest && { digest } }) }) as unknown as Chain;

  it('takes bytes whose digest is the contract’s', async () => {
    const digest = toHex(rawDigest(utf8('INVOICE')));
    expect(await checkedResult(api, chainWith(digest), 7)).toMatchObject({
      text: 'INVOICE',
      mediaType: 'text/plain',
      digest,
    });
  });

  it('rejects other bytes, and an answer that the contract does not have', async () => {
    await expect(checkedResult(api, chainWith('00'.repeat(32)), 7)).rejects.toMatchObject({ code: 'result-refused' });
    await expect(checkedResult(api, chainWith(undefined), 7)).rejects.toMatchObject({ code: 'not-yet-verified' });
  });
});

describe('waitUntilFinal', () => {
  const watch = (looks: (QueryStatus | Error)[], timeoutMs?: number) => {
    const clock = new FakeClock();
    const [slept, progress]: [number[], string[]] = [[], []];
    const waiting = waitUntilFinal(
      async () => {
        const next = looks.length > 1 ? looks.shift() : looks[0];
        if (next instanceof Error) throw next;
        return next ?? status({});
      },
      {
        nowMs: () => clock.nowMs(),
        sleep: async (ms) => {
          slept.push(ms);
          clock.advance(ms);
        },
      },
      { onProgress: (s) => progress.push(s.status), ...(timeoutMs !== undefined && { timeoutMs }) },
    );
    return { waiting, slept, progress };
  };

  it('reports each change once and backs off while nothing changes', async () => {
    const same = Array.from({ length: 12 }, () => status({}));
    const { waiting, slept, progress } = watch([...same, status({ status: 'verified' })]);
    expect((await waiting).status).toBe('verified');
    expect(progress).toEqual(['committing', 'verified']);
    expect(slept[0]).toBe(250);
    expect(slept.at(-1)).toBe(5_000);
  });

  it('sees an API through short outages, and a query that is not known yet', async () => {
    const looks = [new BadInputError('unknown-query', 'm'), new TransientError('api-unreachable', 'm')];
    const { waiting } = watch([...looks, status({ status: 'refunded' })]);
    expect((await waiting).status).toBe('refunded');
  });

  it('fails when the API stays away, refuses, or the time is up', async () => {
    await expect(watch([new TransientError('api-unreachable', 'm')]).waiting).rejects.toMatchObject({
      code: 'api-unreachable',
    });
    await expect(watch([new BadInputError('other', 'm')]).waiting).rejects.toMatchObject({ code: 'other' });
    await expect(watch([status({})], 1_000).waiting).rejects.toMatchObject({ code: 'not-yet-final' });
  });
});

describe('askWithWallet', () => {
  const input = utf8('image');
  const signer = { getAccounts: async () => [{ address: 'quo1me' }] } as unknown as OfflineDirectSigner;
  const open = (change: { withdrawn?: boolean; balance?: bigint; hash?: string; known?: boolean } = {}) => {
    const calls: string[] = [];
    const sent: unknown[] = [];
    const { withdrawn = false, balance = 9_999_999n, hash = toHex(sha256(input)), known = true } = change;
    const models = [
      { id: MODEL, name: 'm', version: '1', installed: true, isDefault: true, priceUnes: '1000', withdrawn },
    ];
    const chain = {
      model: async () => (known ? { id: MODEL, priceUnes: 1_000n, withdrawn } : undefined),
      balanceUnes: async () => balance,
    } as unknown as Chain;
    const deps: AskDeps = {
      signer,
      api: apiHttp('http://api', async (url) => {
        calls.push(url);
        return url.includes('/v1/inputs')
          ? json({ hash, uri: `http://api/v1/inputs/${hash}`, agent: 'quo1api' })
          : json({ models, next: null });
      }),
      access: {
        chain: async () => chain,
        execute: async (_, msg, fundsUnes) => {
          sent.push({ msg, fundsUnes });
          return { txHash: 'AB', height: 5, events: [{ kind: 'asked', query_id: '7' }] };
        },
      },
    };
    return { deps, calls, sent };
  };

  it('uploads, then signs an ask of the default model for the least fee', async () => {
    const { deps, sent } = open();
    const asked = await askWithWallet(deps, input, {});
    const inputHash = toHex(sha256(input));
    expect(asked).toEqual({ queryId: 7, txHash: 'AB', height: 5, feeUnes: '3000', model: MODEL, inputHash });
    expect(sent).toMatchObject([
      {
        fundsUnes: 3_000n,
        msg: { ask: { seats: 3, agent: 'quo1api', input: { uri: `http://api/v1/inputs/${inputHash}` } } },
      },
    ]);
  });

  it.each([
    ['unknown-model', { known: false }, {}],
    ['model-withdrawn', { withdrawn: true }, { model: MODEL }],
    ['bad-model', {}, { model: 'xyz' }],
    ['short-fee', {}, { feeUnes: '2999' }],
    ['bad-fee', {}, { feeUnes: '-1' }],
    ['seats-out-of-range', {}, { seats: 0 }],
    ['wallet-unfunded', { balance: 10n }, {}],
  ])('rejects %s before anything is uploaded or signed', async (code, world, options) => {
    const { deps, calls, sent } = open(world);
    await expect(askWithWallet(deps, input, options)).rejects.toMatchObject({ code, family: 'bad-input' });
    expect(calls.filter((url) => url.includes('/v1/inputs'))).toEqual([]);
    expect(sent).toEqual([]);
  });

  it('signs nothing when the API took other bytes', async () => {
    const { deps, sent } = open({ hash: '00'.repeat(32) });
    await expect(askWithWallet(deps, input, {})).rejects.toMatchObject({ code: 'input-hash' });
    expect(sent).toEqual([]);
  });
});
