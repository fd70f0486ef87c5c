import { describe, expect, it } from 'vitest';
import { encodeProfile, type ProfileFile, parseProfile, profileKey } from './profile.ts';

const file: ProfileFile = {
  format: 'quorate/profile/v1',
  modelHash: 'ab'.repeat(32),
  runtimeClass: 'onnxruntime-node-1.30.0/cpu/basic/threads-1/sharp-0.35.5/linux-x64',
  inputs: { x: { dtype: 'float32', dims: [1, 320] } },
  how: 'measured',
  profile: {
    nodes: { y: 1.5 },
    tensors: { y: { dtype: 'float32', dims: [1, 'columns/8'], sizeBytes: 160 } },
  },
};

describe('profile files', () => {
  it('are read as they were written', () => {
    expect(parseProfile(encodeProfile(file))).toEqual(file);
  });

  it('are refused when damaged, naming the field', () => {
    const bytes = (change: object) => new TextEncoder().encode(JSON.stringify({ ...file, ...change }));
    const refused = (field: string) =>
      expect.objectContaining({ code: 'profile-invalid', message: expect.stringContaining(field) });
    expect(() => parseProfile(encodeProfile(file).subarray(0, -1))).toThrow(refused('not JSON'));
    expect(() => parseProfile(new Uint8Array([0xff]))).toThrow(refused('not JSON'));
    expect(() => parseProfile(bytes({ format: 'quorate/profile/v2' }))).toThrow(refused('format'));
    expect(() => parseProfile(bytes({ extra: 1 }))).toThrow(refused('the whole'));
    expect(() => parseProfile(bytes({ profile: { nodes: { y: -1 }, tensors: {} } }))).toThrow(
      refused('profile.nodes.y'),
    );
    expect(() => encodeProfile({ ...file, modelHash: 'no' })).toThrow(refused('modelHash'));
    expect(() => encodeProfile({ ...file, profile: { nodes: { y: Number.NaN }, tensors: {} } })).toThrow(
      refused('profile.nodes.y'),
    );
  });

  it('have one name per model, runtime class and sizes, in whatever order the sizes are given', () => {
    const keys = [
      profileKey('aa', 'class'),
      profileKey('ab', 'class'),
      profileKey('aa', 'other'),
      profileKey('aa', 'class', { a: 1, b: 2 }),
      profileKey('aa', 'class', { a: 2, b: 1 }),
    ];
    expect(new Set(keys).size).toBe(keys.length);
    expect(profileKey('aa', 'class', { b: 2, a: 1 })).toBe(keys[3]);
    expect(keys[0]).toMatch(/^[0-9a-f]{64}$/);
  });
});
