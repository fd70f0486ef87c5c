import { describe, expect, it } from 'vitest';
import { BadInputError, InvariantError } from './errors.ts';
import { createLogger, type LogLevel } from './log.ts';

const clock = { nowMs: () => Date.UTC(2026, 10, 24), sleep: async () => undefined };

const logged = (fields: Record<string, unknown>, level: LogLevel = 'debug'): Record<string, unknown> => {
  const lines: string[] = [];
  createLogger({ clock, sink: (line) => lines.push(line), level }).info('hello', fields);
  return JSON.parse(lines.join(''));
};

describe('createLogger', () => {
  it('writes one JSON line with time, level, message and fields', () => {
    expect(logged({ run: 'c/1/0/n', height: 7n })).toEqual({
      time: '2026-11-24T00:00:00.000Z',
      level: 'info',
      msg: 'hello',
      run: 'c/1/0/n',
      height: '7',
    });
  });

  it('leaves out lines below its level, and gives a child the fields of its parent', () => {
    const lines: string[] = [];
    const logger = createLogger({ clock, sink: (line) => lines.push(line), level: 'warn', fields: { node: 'n1' } });
    logger.debug('no');
    logger.info('no');
    logger.child({ run: 'r1' }).warn('yes', { run: 'r2', step: 1 });
    logger.error('yes');
    expect(lines.map((line) => JSON.parse(line))).toMatchObject([
      { level: 'warn', node: 'n1', run: 'r2', step: 1 },
      { level: 'error', node: 'n1' },
    ]);
  });

  it('hides secrets by the name of their key, at any depth (P13)', () => {
    const secret = 'hunter2';
    const line = logged({
      password: secret,
      apiKey: secret,
      'x-api-key': secret,
      webhook_secret: secret,
      accessToken: secret,
      headers: { Authorization: `Bearer ${secret}`, cookie: secret },
      list: [{ receiptSeed: secret, sealingKey: { bytes: secret }, salt: 'ab'.repeat(32) }],
    });
    expect(JSON.stringify(line)).not.toContain(secret);
    expect(JSON.stringify(line)).not.toContain('abab');
  });

  it('hides prompts and payloads, but shows the hash that names one (P13)', () => {
    const hash = 'a'.repeat(64);
    expect(
      logged({ prompt: 'p', rawBody: 'b', messages: [{ content: 'c' }], input: hash, output: 'words', userInput: {} }),
    ).toMatchObject({
      prompt: '[redacted]',
      rawBody: '[redacted]',
      messages: '[redacted]',
      input: hash,
      output: '[redacted]',
      userInput: '[redacted]',
    });
  });

  it('shows what is useful and no secret', () => {
    const fields = { publicKey: 'pk', tokens: 5, key: { pk: 'a', sk: 'b' }, inputHash: 'h', bodyBytes: 3 };
    expect(logged(fields)).toMatchObject(fields);
  });

  it('writes errors with code, family, next step and cause, details redacted', () => {
    const cause = new BadInputError('bad-thing', 'inner', { details: { prompt: 'private words' } });
    const line = logged({ error: new InvariantError('broken', 'outer', { next: 'Look.', cause }) });
    expect(line).toMatchObject({
      error: { name: 'InvariantError', code: 'broken', family: 'invariant', message: 'outer', next: 'Look.' },
    });
    expect(line).toMatchObject({ error: { cause: { code: 'bad-thing', details: { prompt: '[redacted]' } } } });
    expect(logged({ error: new TypeError('x') })).toMatchObject({
      error: { stack: expect.stringContaining('log.test') },
    });
  });

  it('counts bytes instead of printing them, and stays small and whole whatever it gets', () => {
    const loop: Record<string, unknown> = { name: 'loop' };
    loop.again = loop;
    const line = logged({ level: 'mine', bytes: new Uint8Array(32), loop, long: 'x'.repeat(9_000), fn: () => 1 });
    expect(line).toMatchObject({ level: 'info', field_level: 'mine', bytes: '[32 bytes]' });
    expect(JSON.stringify(line).length).toBeLessThan(3_000);
  });
});
