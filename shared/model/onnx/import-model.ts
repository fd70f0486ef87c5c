import { BadInputError } from '../../errors.ts';
import { dataflow, needs, sparseName } from './dataflow.ts';
import type { FileSize } from './external-data.ts';
import { hoistConstants } from './hoist.ts';
import { mapTensors } from './map-tensors.ts';
import { invalidModel, type OnnxModel, readModel, withLists } from './model-file.ts';
import type { GraphProto } from './onnx_pb.ts';
import { assertMadeOnce, inOrder } from './order.ts';
import { withRawData } from './tensor-data.ts';
import { moveWeights, type WeightsBlob } from './weights.ts';

/**
 * Decodes an ONNX file and brings its graph into the form that cutting and planning need: nodes in topological order,
 * `Constant` nodes as initialisers, their data in `raw_data`, and nothing that the outputs do not need. Data in other
 * files stay there.
 * @throws {BadInputError} `onnx-unreadable`, `onnx-incomplete`; `tensor-made-twice`; `graph-cyclic`; `unknown-tensor`
 *   when a node reads what nothing makes; `tensor-damaged` when data do not fit their type and dims
 */
export const openModel = (bytes: Uint8Array): OnnxModel => {
  const { model, graph } = readModel(bytes);
  const flow = dataflow(graph);
  assertMadeOnce(graph, flow);
  const ordered = hoistConstants(withLists(graph, { node: inOrder(graph.node, flow) }));
  return {
    model,
    graph: mapTensors(onlyNeeded(ordered), (tensor, place) => (place === 'initialiser' ? withRawData(tensor) : tensor)),
  };
};

/** {@link openModel}, and its big weights in one blob of their own: see {@link moveWeights}. */
export const importModel = (
  bytes: Uint8Array,
  fileSize: FileSize = () => undefined,
): { readonly model: OnnxModel; readonly weights: WeightsBlob } => moveWeights(openModel(bytes), fileSize);

const onlyNeeded = (graph: GraphProto): GraphProto => {
  const flow = dataflow(graph);
  const outputs = graph.output.map((o) => o.name);
  if (outputs.length === 0) throw invalidModel('onnx-incomplete', 'an ONNX graph needs outputs; this one has none');
  const { nodes, leaves } = needs(flow, outputs, new Set());
  for (const name of leaves) {
    if (flow.constants.has(name) || flow.fed.has(name)) continue;
    const tensor = name.slice(0, 200);
    throw new BadInputError('unknown-tensor', `the graph uses a tensor '${tensor}' that nothing in it makes`, {
      next: 'export the model again',
      details: { tensor },
    });
  }
  return withLists(graph, {
    node: graph.node.filter((n) => nodes.has(n)),
    initializer: graph.initializer.filter((t) => leaves.has(t.name)),
    sparseInitializer: graph.sparseInitializer.filter((t) => leaves.has(sparseName(t))),
    input: graph.input.filter((i) => flow.fed.has(i.name) || leaves.has(i.name)),
  });
};
