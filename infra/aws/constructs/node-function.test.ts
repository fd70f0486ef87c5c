import { App, Duration, Stack } from 'aws-cdk-lib';
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { envTypes } from '../../../shared/env.ts';
import { NodeFunction } from './node-function.ts';

const schema = z.object({ TABLE_NAME: envTypes.text, LIMIT: envTypes.whole, NOTE: envTypes.text.optional() });
const make = (env: Record<string, string>) =>
  new NodeFunction(new Stack(new App({ context: { 'aws:cdk:bundling-stacks': [] } }), 'stack'), 'track-job', {
    deployment: 'test',
    description: 'of a test',
    schema,
    env: env as z.input<typeof schema>,
    timeout: Duration.seconds(5),
    memoryMiB: 128,
  });

describe("a function's environment", () => {
  it('is what its schema reads; what is optional may be left out', () => {
    expect(() => make({ TABLE_NAME: 'rows', LIMIT: '5' })).not.toThrow();
    expect(() => make({ TABLE_NAME: 'rows', LIMIT: '5', NOTE: 'x' })).not.toThrow();
  });

  it('rejects a missing variable', () => {
    expect(() => make({ LIMIT: '5' })).toThrow(/environment of track-job does not fit: TABLE_NAME/);
  });

  it('rejects an unknown variable', () => {
    expect(() => make({ TABLE_NAME: 'rows', LIMIT: '5', TABEL: 'rows' })).toThrow(/"TABEL"/);
  });

  it('rejects a value that the function would refuse', () => {
    expect(() => make({ TABLE_NAME: 'rows', LIMIT: 'many' })).toThrow(/LIMIT: expected a whole number/);
  });
});
