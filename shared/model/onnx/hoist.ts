import { create } from '@bufbuild/protobuf';
import { ELEMENT_TYPES, elementTypeOf } from './element-types.ts';
import { changed, withLists } from './model-file.ts';
import {
  type AttributeProto,
  type GraphProto,
  type NodeProto,
  type TensorProto,
  TensorProtoSchema,
} from './onnx_pb.ts';

const { float32, int64 } = ELEMENT_TYPES;
const STRING = 'string';

/** What kinds of values a Constant node may have: its attributes in onnx operators. Texts stay nodes. */
const constantValue = (a: AttributeProto): TensorProto | undefined => {
  switch (a.name) {
    case 'value':
      return a.t && elementTypeOf(a.t.dataType).name !== STRING ? a.t : undefined;
    case 'value_float':
      return create(TensorProtoSchema, { dataType: float32.code, floatData: [a.f] });
    case 'value_floats':
      return create(TensorProtoSchema, { dataType: float32.code, dims: [`${a.floats.length}`], floatData: a.floats });
    case 'value_int':
      return create(TensorProtoSchema, { dataType: int64.code, int64Data: [BigInt(a.i)] });
    case 'value_ints':
      return create(TensorProtoSchema, {
        dataType: int64.code,
        dims: [`${a.ints.length}`],
        int64Data: a.ints.map(BigInt),
      });
  }
  return;
};

const constantOf = (node: NodeProto): TensorProto | undefined => {
  const isConstant = node.opType === 'Constant' && (node.domain === '' || node.domain === 'ai.onnx');
  const [name, ...otherOutputs] = node.output;
  const [attribute, ...otherAttributes] = node.attribute;
  if (!isConstant || !name || !attribute || otherOutputs.length + otherAttributes.length > 0) return;
  const value = constantValue(attribute);
  return value && changed(TensorProtoSchema, value, { name });
};

/**
 * The graph with its `Constant` nodes as initialisers, so that they count as weights and a cut can leave them out where
 * they are not used. Bodies of control flow stay as they are.
 */
export const hoistConstants = (graph: GraphProto): GraphProto => {
  const constants = graph.node.map(constantOf);
  return withLists(graph, {
    node: graph.node.filter((_, i) => constants[i] === undefined),
    initializer: [...graph.initializer, ...constants.filter((c) => c !== undefined)],
  });
};
