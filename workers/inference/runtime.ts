import { createRequire } from 'node:module';
import sharp from 'sharp';
import { type ManifestRuntime, runtimeClass } from '../../shared/model/manifest.ts';

const packageVersion = (name: string): string => {
  const { version }: { version?: unknown } = createRequire(import.meta.url)(`${name}/package.json`);
  if (typeof version !== 'string') throw new TypeError(`package ${name} names no version`);
  return version;
};

/** What a model chooses; the rest of a runtime is what is installed here. */
type Choice = Pick<ManifestRuntime, 'engine' | 'provider' | 'optimisation' | 'intraOpThreads'>;

/**
 * How this machine runs a model: what the manifest chooses (provider, optimisation, threads) and what is installed
 * here. Receipts carry this class, not the manifest's: a node of another class that passed the known answer says so.
 */
export const localRuntime = ({ engine, provider, optimisation, intraOpThreads }: Choice): ManifestRuntime => {
  const here = {
    engine,
    engineVersion: packageVersion('onnxruntime-node'),
    provider,
    optimisation,
    intraOpThreads,
    pixels: sharp.versions.sharp ?? packageVersion('sharp'),
    platform: `${process.platform}-${process.arch}`,
  };
  return { class: runtimeClass(here), ...here };
};

/** For models that nobody has chosen a runtime for yet: one thread, since a worker's stages share a machine. */
export const defaultRuntime = (optimisation: ManifestRuntime['optimisation'] = 'basic'): ManifestRuntime =>
  localRuntime({ engine: 'onnxruntime-node', provider: 'cpu', optimisation, intraOpThreads: 1 });
