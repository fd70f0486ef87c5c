import { readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { Webhook } from 'standardwebhooks';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { drawText, LABEL, TICKET, textOf } from '../../workers/inference/testdata/draw-text.ts';
import { newFolder, ROOT, runCli, type Serving, serveMain } from './process.ts';

const folder = newFolder();
const SHIPPED = `${ROOT}workers/inference/testdata/invoice.png`;
let serving: Serving;

beforeAll(async () => {
  serving = await serveMain(folder);
}, 60_000);

afterAll(async () => {
  serving.child.kill('SIGTERM');
  const { code } = await serving.ended;
  expect(code, 'SIGTERM drains and ends with 0').toBe(0);
});

const cli = (...args: string[]) => runCli(folder, args);
const json = async (...args: string[]): Promise<{ code: number | null; answer: Record<string, unknown> }> => {
  const { code, stdout } = await cli(...args, '--json');
  return { code, answer: JSON.parse(stdout) as Record<string, unknown> };
};

describe('quorate, against a real devnet', () => {
  it.each([
    ['ticket', TICKET, 'png'],
    ['label', LABEL, 'jpeg'],
  ] as const)('asks about a %s drawn by the test and reads what it says', async (name, drawing, type) => {
    const path = join(folder, `${name}.${type}`);
    writeFileSync(path, await drawText(drawing, type));
    const { code, stdout, stderr } = await cli('ask', path, '--wait');
    expect(code, stderr).toBe(0);
    expect(stdout.trim()).toBe(textOf(drawing).trim());
  });

  it('tells status, reason and result of the query, and lists nodes and models', async () => {
    expect((await json('status', '1')).answer).toMatchObject({ queryId: 1, status: 'verified' });
    expect((await cli('why', '1')).stdout).toContain('It is verified');
    expect((await cli('result', '2')).stdout.trim()).toBe(textOf(LABEL).trim());
    expect((await cli('result', '1', '--money')).stdout).toMatch(
      /bonds: 0 slashed = 0 to the pool\n(.*\n)*sum of \d+ entries: 0\n$/,
    );
    expect((await cli('node', 'list')).stdout.trim().split('\n')).toHaveLength(5);
    expect((await cli('model', 'list')).stdout).toContain('pp-ocr-v4');
    expect((await cli('doctor')).code).toBe(0);
  });

  it('carries the lifecycle to a webhook, signed by the public standard', async () => {
    const received: { headers: Record<string, string>; body: string }[] = [];
    const verified = Promise.withResolvers<void>();
    const receiver = createServer((request, response) => {
      let body = '';
      request.on('data', (chunk: Buffer) => {
        body += chunk;
      });
      request.on('end', () => {
        received.push({ headers: request.headers as Record<string, string>, body });
        response.writeHead(204).end();
        if (JSON.parse(body).type === 'query.verified') verified.resolve();
      });
    });
    await new Promise<void>((resolve) => receiver.listen(0, '127.0.0.1', resolve));
    const { port } = receiver.address() as AddressInfo;
    const registered = await fetch(`${serving.apiUrl}/v1/webhooks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ url: `http://127.0.0.1:${port}/hook` }),
    });
    expect(registered.status).toBe(201);
    const { secret } = (await registered.json()) as { secret: string };
    const asked = await cli('ask', SHIPPED, '--wait');
    expect(asked.code, asked.stderr).toBe(0);
    await verified.promise;
    for (const { headers, body } of received)
      expect(new Webhook(secret).verify(body, headers)).toMatchObject({ data: { queryId: 3 } });
    const ids = received.map(({ headers }) => headers['webhook-id']);
    expect(new Set(ids).size, 'each event once').toBe(ids.length);
    receiver.close();
  });

  it('verifies a receipt file offline, with its input and a trusted header, and rejects it changed', async () => {
    const file = new Uint8Array(await (await fetch(`${serving.apiUrl}/v1/queries/1/receipt`)).arrayBuffer());
    const path = join(folder, 'receipt.json');
    writeFileSync(path, file);
    const { anchor } = JSON.parse(new TextDecoder().decode(file)) as { anchor: { hash: string } };
    const input = join(folder, 'ticket.png');
    const anchored = await cli('verify', path, '--input', input, '--trusted-header', anchor.hash);
    expect(anchored.code, anchored.stderr).toBe(0);
    const stranger = await cli('verify', path, '--trusted-header', '0'.repeat(64));
    expect(stranger.code).toBe(1);
    const other = await cli('verify', path, '--input', SHIPPED);
    expect(other.code).toBe(1);
    file[file.length >> 1] = (file[file.length >> 1] ?? 0) ^ 1;
    writeFileSync(path, file);
    expect((await cli('verify', path)).code).toBe(1);
  });

  it('rejects bad input with a code and a next step, and keeps nothing of it', async () => {
    const text = join(folder, 'no-image.txt');
    writeFileSync(text, 'hello');
    const huge = join(folder, 'huge.png');
    writeFileSync(huge, Buffer.concat([readFileSync(SHIPPED), Buffer.alloc(5 * 1024 * 1024)]));
    const before = (await json('status', '2')).answer;
    const refusals: [string[], string][] = [
      [['ask', text], 'not-an-image'],
      [['ask', huge], 'body-too-large'],
      [['ask', SHIPPED, '--fee', '5'], 'short-fee'],
      [['ask', SHIPPED, '--model', 'ab'.repeat(32)], 'unknown-model'],
      [['status', '999'], 'unknown-query'],
      [['result', '999'], 'unknown-query'],
    ];
    for (const [args, code] of refusals) {
      const { code: exit, answer } = await json(...args);
      expect(answer, args.join(' ')).toMatchObject({ error: { code, next: expect.stringMatching(/\w/) } });
      expect(exit).toBe(1);
    }
    expect((await json('status', '4')).answer).toMatchObject({ error: { code: 'unknown-query' } });
    expect((await json('status', '2')).answer).toEqual(before);
  });

  it('rejects bad requests at the API with typed 4xx answers', async () => {
    const post = async (path: string, body: string, headers: Record<string, string> = {}) => {
      const answer = await fetch(`${serving.apiUrl}${path}`, { method: 'POST', body, headers });
      return { status: answer.status, body: (await answer.json()) as { error: { code: string; next: string } } };
    };
    const jsonType = { 'content-type': 'application/json' };
    const malformed = await post('/v1/queries', '{"input":', jsonType);
    expect(malformed.status).toBe(400);
    expect(malformed.body.error.next).toMatch(/\w/);
    const noImage = await post('/v1/inputs', 'hello', { 'content-type': 'image/png' });
    expect(noImage).toMatchObject({ status: 415, body: { error: { code: 'not-an-image' } } });
    const unknown = await fetch(`${serving.apiUrl}/v1/queries/999`);
    expect(unknown.status).toBe(404);
  });

  it('takes a custodial ask once per idempotency key', async () => {
    const input = { base64: readFileSync(SHIPPED).toString('base64') };
    const ask = async (body: object) => {
      const answer = await fetch(`${serving.apiUrl}/v1/queries`, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json', 'idempotency-key': 'the-same' },
      });
      return { status: answer.status, body: (await answer.json()) as Record<string, unknown> };
    };
    const first = await ask({ input });
    expect(first.status).toBe(202);
    expect(await ask({ input })).toMatchObject({ status: 202, body: { askId: first.body.askId } });
    expect((await ask({ input, seats: 5 })).status).toBe(409);
  });
});
