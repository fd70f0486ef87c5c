import { describe, expect, it } from 'vitest';
import { InvariantError, TransientError } from '../../shared/errors.ts';
import type { Logger } from '../../shared/log.ts';
import { errorHandler } from './errors.ts';
import { readBody } from './read-body.ts';

const answerOf = async (error: Error) => {
  const lines: string[] = [];
  const at = (level: string) => (msg: string) => void lines.push(`${level}: ${msg}`);
  const log: Logger = { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error'), child: () => log };
  const headers: Record<string, string> = {};
  const context = {
    req: { method: 'GET', path: '/v1/queries/1' },
    header: (name: string, value: string) => {
      headers[name] = value;
    },
    json: (body: unknown, status: number) => ({ body, status }),
  };
  const { status } = (await errorHandler(log)(error as never, context as never)) as unknown as { status: number };
  return { status, lines, headers };
};

describe('what the API writes into its log', () => {
  it('is a warning where the answer may be another one soon', async () => {
    for (const code of ['events-incomplete', 'money-incomplete', 'rpc-unavailable']) {
      const { status, lines, headers } = await answerOf(new TransientError(code, 'not yet'));
      expect([status, lines, headers['retry-after']]).toEqual([503, ['warn: request failed'], '5']);
    }
  });

  it('is an error where something is wrong here', async () => {
    expect((await answerOf(new InvariantError('row-corrupt', 'a bad row'))).lines).toEqual(['error: request failed']);
    expect((await answerOf(new TypeError('oops'))).lines).toEqual(['error: request failed']);
  });
});

describe('a body on a host with a limit of its own', () => {
  it('is refused in words that name the limit that holds there', async () => {
    const request = (size: number) => new Request('http://api', { method: 'POST', body: new Uint8Array(size) });
    expect(await readBody(request(100), 100)).toHaveLength(100);
    await expect(readBody(request(101), 100)).rejects.toMatchObject({
      code: 'body-too-large',
      details: { maxBytes: 100 },
    });
  });
});
