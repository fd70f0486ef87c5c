import fc from 'fast-check';
import sharp from 'sharp';
import { describe, expect, it } from 'vitest';
import { type Drawing, planSvg } from './plan-svg.ts';

const stage = { name: '1  a', inMs: 1, computeMs: 6, outMs: 3, usedBytes: 5, memoryBytes: 10 };
const drawing: Drawing = { title: 'm.onnx', stages: [stage], boundMs: 5, notes: ['a note'] };

/** librsvg refuses what is not well-formed. */
const parsed = (svg: string) => sharp(Buffer.from(svg)).metadata();

describe('the drawing of a plan', () => {
  it('has one bar for each stage in proportion to its times, and the bound', () => {
    const svg = planSvg({ ...drawing, stages: [stage, { ...stage, inMs: 0, outMs: 0 }] });
    const widths = [...svg.matchAll(/width="([\d.]+)" height="20"/g)].map(([, width]) => Number(width));
    expect(widths).toEqual([51, 306, 153, 0, 306, 0]);
    expect(svg).toContain('<line x1="405.0"');
    expect(svg).toContain('bound 5 ms');
    expect(svg).toContain('50 % of memory');
  });

  it('has no line without a bound', () => {
    expect(planSvg({ ...drawing, boundMs: undefined })).not.toContain('<line');
  });

  it('escapes names, and shortens long ones', () => {
    const svg = planSvg({ ...drawing, title: '<a & "b">', stages: [{ ...stage, name: 'x'.repeat(50) }] });
    expect(svg).toContain('&lt;a &amp; &quot;b&quot;&gt;');
    expect(svg).toContain(`>${'x'.repeat(19)}…<`);
  });

  it('breaks long notes between words, and loses none', () => {
    const note = Array.from({ length: 60 }, (_, i) => `word${i}`).join(' ');
    const svg = planSvg({ ...drawing, notes: [note] });
    const lines = [...svg.matchAll(/>(word[^<]*)</g)].map(([, line]) => line);
    expect(lines.length).toBeGreaterThan(1);
    expect(lines.join(' ')).toBe(note);
  });

  it('is well-formed, whatever the names and times', () =>
    fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', maxLength: 200 }), fc.nat(10 ** 9), async (text, microseconds) => {
        const ms = microseconds / 1000;
        const odd = { ...stage, name: text, inMs: ms, computeMs: 0, outMs: 0, memoryBytes: ms + 1 };
        const svg = planSvg({ title: text, stages: [odd], boundMs: ms, notes: [text] });
        expect(svg).not.toMatch(/NaN|Infinity/);
        expect((await parsed(svg)).format).toBe('svg');
      }),
      { numRuns: 100 },
    ));
});
