import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const ROOT = fileURLToPath(new URL('../', import.meta.url));
const dockerfiles = readdirSync(join(ROOT, 'workers'), { recursive: true, encoding: 'utf8' }).filter((path) =>
  /(^|\/)Dockerfile[^/]*$/.test(path),
);

/** What `FROM` names, with build arguments at their defaults; stages of the same file left out. */
const basesOf = (text: string): readonly string[] => {
  const args = new Map([...text.matchAll(/^ARG (\w+)=(\S+)$/gm)].map(([, name = '', value = '']) => [name, value]));
  const froms = [...text.matchAll(/^FROM (?:--\S+ )?(\S+)(?: AS (\S+))?$/gim)];
  const stages = new Set(froms.map(([, , stage]) => stage));
  return froms
    .map(([, base = '']) => base.replace(/\$\{(\w+)\}/g, (_, name: string) => args.get(name) ?? ''))
    .filter((base) => !stages.has(base));
};

describe('images of workers', () => {
  it('are there', () => {
    expect(dockerfiles).toContain('inference/Dockerfile');
  });

  it.each(dockerfiles)('%s builds on bases by digest only', (path) => {
    const bases = basesOf(readFileSync(join(ROOT, 'workers', path), 'utf8'));
    expect(bases.length).toBeGreaterThan(0);
    for (const base of bases) expect(base).toMatch(/^[a-z0-9./-]+:[\w.-]+@sha256:[0-9a-f]{64}$/);
  });

  it.each(dockerfiles)('%s ends every image as another user than root', (path) => {
    const text = readFileSync(join(ROOT, 'workers', path), 'utf8');
    for (const image of text.split(/^FROM /gm).filter((part) => part.includes('ENTRYPOINT'))) {
      const users = [...image.matchAll(/^USER (\S+)$/gm)].map(([, user]) => user);
      expect(users.at(-1)).toMatch(/^(node|worker)$/);
    }
  });
});
