import { type ManifestRuntime, runtimeClass } from '../../../../shared/model/manifest.ts';
import { localRuntime } from '../../runtime.ts';

/** This machine, one thread, at a level of optimisation. */
export const testRuntime = (optimisation: ManifestRuntime['optimisation'] = 'basic'): ManifestRuntime => {
  const parts = {
    engine: 'onnxruntime-node',
    engineVersion: 'any',
    provider: 'cpu',
    optimisation,
    intraOpThreads: 1,
    pixels: 'any',
    platform: 'any',
  } as const;
  return localRuntime({ class: runtimeClass(parts), ...parts });
};
