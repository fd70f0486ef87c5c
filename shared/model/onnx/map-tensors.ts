import { changed, withLists } from './model-file.ts';
import {
  AttributeProtoSchema,
  type GraphProto,
  type NodeProto,
  NodeProtoSchema,
  type SparseTensorProto,
  SparseTensorProtoSchema,
  type TensorProto,
} from './onnx_pb.ts';

/** Only initialisers may move to a weights file; `other`: halves of sparse ones, values of attributes. */
export type TensorPlace = 'initialiser' | 'other';
type Change = (tensor: TensorProto, place: TensorPlace) => TensorProto;

/** The graph with each tensor of fixed data replaced, those in bodies of control flow too. */
export const mapTensors = (graph: GraphProto, change: Change): GraphProto =>
  withLists(graph, {
    initializer: graph.initializer.map((tensor) => change(tensor, 'initialiser')),
    sparseInitializer: graph.sparseInitializer.map((sparse) => mapSparse(sparse, change)),
    node: graph.node.map((node) => mapNode(node, change)),
  });

const mapSparse = (sparse: SparseTensorProto, change: Change): SparseTensorProto =>
  changed(SparseTensorProtoSchema, sparse, {
    ...(sparse.values && { values: change(sparse.values, 'other') }),
    ...(sparse.indices && { indices: change(sparse.indices, 'other') }),
  });

const mapNode = (node: NodeProto, change: Change): NodeProto => {
  if (!node.attribute.some((a) => a.t || a.g || a.graphs.length > 0)) return node;
  return changed(NodeProtoSchema, node, {
    attribute: node.attribute.map((a) =>
      changed(AttributeProtoSchema, a, {
        ...(a.t && { t: change(a.t, 'other') }),
        ...(a.g && { g: mapTensors(a.g, change) }),
        graphs: a.graphs.map((g) => mapTensors(g, change)),
      }),
    ),
  });
};

/** All tensors of fixed data in a graph, those in bodies too. */
export const tensorsOf = (graph: GraphProto): TensorProto[] => {
  const all: TensorProto[] = [];
  mapTensors(graph, (tensor) => {
    all.push(tensor);
    return tensor;
  });
  return all;
};
