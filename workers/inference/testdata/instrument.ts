import { create } from '@bufbuild/protobuf';
import type { TensorType } from '../../../shared/model/onnx/boundary-types.ts';
import { computeNodes } from '../../../shared/model/onnx/compute-nodes.ts';
import { dataflow } from '../../../shared/model/onnx/dataflow.ts';
import { type OnnxModel, withLists, writeModel } from '../../../shared/model/onnx/model-file.ts';
import { ValueInfoProtoSchema } from '../../../shared/model/onnx/onnx_pb.ts';
import { floats } from '../../../shared/model/onnx/testdata/build.ts';
import type { TensorBytes } from '../../../shared/protocol/digest.ts';

/** The model with all tensors that nodes compute as outputs of its own: onnxruntime takes outputs with only a name. */
export const withAllOutputs = ({ model, graph }: OnnxModel): Uint8Array => {
  const declared = new Set(graph.output.map((o) => o.name));
  const computed = computeNodes(graph, dataflow(graph)).flatMap((n) => n.output);
  const more = computed.filter((name) => name !== '' && !declared.has(name));
  return writeModel(
    { model, graph },
    withLists(graph, { output: [...graph.output, ...more.map((name) => create(ValueInfoProtoSchema, { name }))] }),
  );
};

/** Types of tensors that one run gave; all dims are free, since runs of other sizes have others. */
export const freeTypes = (tensors: ReadonlyMap<string, TensorBytes>): Record<string, TensorType> =>
  Object.fromEntries(
    [...tensors].map(([name, { dtype, dims }]) => [name, { dtype, dims: dims.map((_, axis) => `${name}_${axis}`) }]),
  );

/**
 * The file of a graph whose weights are made by ConstantOfShape, all equal, with weights that differ: kernels that keep
 * the size of what passes, and one number per channel above 0, as variances must be.
 */
export const withVariedWeights = ({ model, graph }: OnnxModel): Uint8Array => {
  const shape = (name: string | undefined): number[] => {
    const data = Uint8Array.from(graph.initializer.find((t) => t.name === name)?.rawData ?? []);
    return [...new BigInt64Array(data.buffer)].map(Number);
  };
  const filled = graph.node.filter((n) => n.opType === 'ConstantOfShape');
  const weights = filled.map((n) => {
    const dims = shape(n.input[0]);
    const scale = Math.sqrt(3 / dims.slice(1).reduce((a, b) => a * b, 1));
    const values = Array.from({ length: dims.reduce((a, b) => a * b, 1) }, (_, i) =>
      dims.length > 1 ? scale * Math.sin(i * 78.233) : 1 + Math.sin(i) / 2,
    );
    return floats(n.output[0] ?? '', values, dims);
  });
  const node = graph.node.filter((n) => n.opType !== 'ConstantOfShape');
  return writeModel({ model, graph }, withLists(graph, { node, initializer: [...graph.initializer, ...weights] }));
};
