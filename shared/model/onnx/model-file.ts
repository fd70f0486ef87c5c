import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { BadInputError } from '../../errors.ts';
import { type GraphProto, GraphProtoSchema, type ModelProto, ModelProtoSchema } from './onnx_pb.ts';

/** A model whose graph is there; the rest of the file stays in `model`, unknown fields included. */
export interface OnnxModel {
  readonly model: ModelProto;
  readonly graph: GraphProto;
}

const invalid = (code: string, message: string, cause?: unknown): BadInputError =>
  new BadInputError(code, message, {
    next: 'check the download against its hash, then install the model again',
    ...(cause === undefined ? {} : { cause }),
  });

/**
 * Decodes an ONNX file.
 * @throws {BadInputError} `onnx-unreadable` cut off or not protobuf; `onnx-incomplete` without nodes or operator sets
 */
export const readModel = (bytes: Uint8Array): OnnxModel => {
  let model: ModelProto;
  try {
    model = fromBinary(ModelProtoSchema, bytes);
  } catch (cause) {
    throw invalid('onnx-unreadable', `these ${bytes.length} bytes are not a whole ONNX file`, cause);
  }
  if (!model.graph || model.graph.node.length === 0 || model.opsetImport.length === 0) {
    throw invalid(
      'onnx-incomplete',
      `an ONNX file needs nodes and operator sets; these ${bytes.length} bytes lack some`,
    );
  }
  return { model, graph: model.graph };
};

/**
 * Encodes the file again with another graph. The same model gives the same bytes: fields in order of number, then
 * unknown ones.
 */
export const writeModel = ({ model }: OnnxModel, graph: GraphProto): Uint8Array => {
  const copy = create(ModelProtoSchema, { ...own(model), graph });
  return toBinary(ModelProtoSchema, keepUnknown(copy, model));
};

/** The graph with some lists replaced; name, documentation and unknown fields are kept. */
export const withLists = (
  graph: GraphProto,
  lists: Pick<GraphProto, 'node' | 'initializer' | 'sparseInitializer' | 'input' | 'output' | 'valueInfo'>,
): GraphProto => keepUnknown(create(GraphProtoSchema, { ...own(graph), ...lists }), graph);

/** Fields that are set, without the message's identity, to initialise a copy. */
const own = <T extends { $typeName: string; $unknown?: unknown }>(message: T): Omit<T, '$typeName' | '$unknown'> => {
  const { $typeName: _name, $unknown: _unknown, ...fields } = message;
  return fields;
};

const keepUnknown = <T extends ModelProto | GraphProto>(copy: T, from: T): T => {
  if (from.$unknown) copy.$unknown = from.$unknown;
  return copy;
};
