import { create, toBinary } from '@bufbuild/protobuf';
import { nodeCost } from '../../../shared/model/analytic-cost.ts';
import type { Calibration } from '../../../shared/model/calibration.ts';
import { allShapes } from '../../../shared/model/cost-model.ts';
import type { ManifestRuntime } from '../../../shared/model/manifest.ts';
import { nodeKey } from '../../../shared/model/onnx/compute-nodes.ts';
import { readModel } from '../../../shared/model/onnx/model-file.ts';
import { ModelProtoSchema } from '../../../shared/model/onnx/onnx_pb.ts';
import { quantile } from '../../../shared/planning/quantile.ts';
import { profileModel } from './profile-model.ts';

const RUNS = 5;
const FLOAT = 1;
const INT = 2;
/** Both multiply about 2^27 times: some milliseconds, long enough to time. */
const MATRIX = 512;
const CHANNELS = 64;
const PIXELS = 58;
/** 1 MiB, about what activations of real networks have: larger ones would measure page faults. */
const ELEMENTS = 2 ** 18;
const TINY_NODES = 64;

const info = (name: string, dims: readonly number[]) => ({
  name,
  type: { tensorType: { elemType: FLOAT, shape: { dim: dims.map((dim) => ({ dimValue: String(dim) })) } } },
});

const weight = (name: string, dims: readonly number[]) => ({
  name,
  dims: dims.map(String),
  dataType: FLOAT,
  // Neither zeros nor denormal numbers, which some processors treat specially.
  rawData: new Uint8Array(Float32Array.from({ length: dims.reduce((a, b) => a * b) }, (_, at) => (at % 7) / 64).buffer),
});

/**
 * A matrix product, two convolutions, elementwise operators, and a chain of nodes on one element. Of the elementwise ones
 * the second is timed: like most in real networks it may write where it reads.
 */
const benchmark = (): Uint8Array => {
  const tiny = Array.from({ length: TINY_NODES }, (_, at) => ({
    opType: 'Neg',
    input: [at === 0 ? 'element' : `tiny-${at - 1}`],
    output: [`tiny-${at}`],
  }));
  const graph = {
    name: 'calibration',
    node: [
      { opType: 'MatMul', input: ['matrix', 'weights'], output: ['matmul'] },
      { opType: 'Conv', input: ['image', 'filters'], output: ['convolution'] },
      {
        opType: 'Conv',
        input: ['image', 'single-filters'],
        output: ['depthwise'],
        attribute: [{ name: 'group', i: String(CHANNELS), type: INT }],
      },
      { opType: 'Neg', input: ['many'], output: ['copy'] },
      { opType: 'Neg', input: ['copy'], output: ['elementwise'] },
      { opType: 'Neg', input: ['elementwise'], output: ['last'] },
      ...tiny,
    ],
    initializer: [
      weight('weights', [MATRIX, MATRIX]),
      weight('filters', [CHANNELS, CHANNELS, 3, 3]),
      weight('single-filters', [CHANNELS, 1, 3, 3]),
    ],
    input: [
      info('matrix', [MATRIX, MATRIX]),
      info('image', [1, CHANNELS, PIXELS, PIXELS]),
      info('many', [ELEMENTS]),
      info('element', [1]),
    ],
    output: ['matmul', 'convolution', 'depthwise', 'last', `tiny-${TINY_NODES - 1}`].map((name) => ({ name })),
  };
  const opsetImport = [{ domain: '', version: '13' }];
  return toBinary(ModelProtoSchema, create(ModelProtoSchema, { irVersion: '8', opsetImport, graph }));
};

/** Measures this machine in less than two seconds, at the runtime's own level and threads. */
export const calibrate = async (runtime: ManifestRuntime): Promise<Calibration> => {
  const bytes = benchmark();
  const { profile } = await profileModel({ bytes }, runtime, { runs: RUNS });
  const { graph } = readModel(bytes);
  const shapes = allShapes(graph, profile.tensors);
  const rate = (name: string, unit: 'flops' | 'bytes'): number => {
    const node = graph.node.find((n) => nodeKey(n) === name);
    return node ? nodeCost(node, shapes)[unit] / timeOf(name) : Number.NaN;
  };
  const timeOf = (name: string): number => profile.nodes[name] ?? Number.NaN;
  return {
    matmulFlopsPerMs: rate('matmul', 'flops'),
    convolutionFlopsPerMs: rate('convolution', 'flops'),
    depthwiseFlopsPerMs: rate('depthwise', 'flops'),
    bytesPerMs: rate('elementwise', 'bytes'),
    launchMs: quantile(
      Array.from({ length: TINY_NODES }, (_, at) => timeOf(`tiny-${at}`)),
      0.5,
    ),
  };
};
