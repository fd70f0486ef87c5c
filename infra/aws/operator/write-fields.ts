import { readFileSync, writeFileSync } from 'node:fs';
import type { CloudConfig } from '../config.ts';

/** Writes these fields into a configuration, keeping all else as its author wrote it: defaults are not filled in. */
export const writeFields = (path: string, fields: Partial<CloudConfig>): void => {
  const config: Record<string, unknown> = JSON.parse(readFileSync(path, 'utf8'));
  writeFileSync(path, `${JSON.stringify({ ...config, ...fields }, undefined, 2)}\n`);
};
