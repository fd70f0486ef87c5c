import { createRequire } from 'node:module';
import sharp from 'sharp';
import { type ManifestRuntime, runtimeClass } from '../../shared/model/manifest.ts';

const packageVersion = (name: string): string => {
  const { version }: { version?: unknown } = createRequire(import.meta.url)(`${name}/package.json`);
  if (typeof version !== 'string') throw new TypeError(`package ${name} names no version`);
  return version;
};

/**
 * How this machine runs a model of that runtime: what the manifest chooses (provider, optimisation, threads) and what
 * is installed here. Receipts carry this class, not the manifest's: a node of another class that passed the known
 * answer says so.
 */
export const localRuntime = (wanted: ManifestRuntime): ManifestRuntime => {
  const { class: _class, ...choice } = wanted;
  const here = {
    ...choice,
    engineVersion: packageVersion('onnxruntime-node'),
    pixels: sharp.versions.sharp ?? packageVersion('sharp'),
    platform: `${process.platform}-${process.arch}`,
  };
  return { class: runtimeClass(here), ...here };
};
