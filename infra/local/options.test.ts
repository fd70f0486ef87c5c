import { describe, expect, it } from 'vitest';
import { readOptions } from './options.ts';

describe('options', () => {
  it('put workers on threads unless told otherwise', () => {
    expect(readOptions([]).isolation).toBe('threads');
    expect(readOptions(['--workers', 'processes']).isolation).toBe('processes');
  });

  it('refuse workers of another kind, naming the kinds', () => {
    expect(() => readOptions(['--workers', 'containers'])).toThrow(
      expect.objectContaining({ code: 'unknown-workers', message: expect.stringContaining('threads, processes') }),
    );
  });
});
