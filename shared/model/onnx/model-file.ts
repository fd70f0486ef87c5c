import {
  create,
  type DescMessage,
  fromBinary,
  type Message,
  type MessageInitShape,
  type MessageShape,
  toBinary,
} from '@bufbuild/protobuf';
import { BadInputError } from '../../errors.ts';
import { type GraphProto, GraphProtoSchema, type ModelProto, ModelProtoSchema } from './onnx_pb.ts';

/** A model whose graph is there; the rest of the file stays in `model`, unknown fields included. */
export interface OnnxModel {
  readonly model: ModelProto;
  readonly graph: GraphProto;
}

/** What all refusals of a file say to do. */
export const invalidModel = (
  code: string,
  message: string,
  details: Readonly<Record<string, unknown>> = {},
  cause?: unknown,
): BadInputError =>
  new BadInputError(code, message, {
    next: 'check the download against its hash, then install the model again',
    details,
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
    throw invalidModel('onnx-unreadable', `these ${bytes.length} bytes are not a whole ONNX file`, {}, cause);
  }
  if (!model.graph || model.graph.node.length === 0 || model.opsetImport.length === 0) {
    throw invalidModel(
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
export const writeModel = ({ model }: OnnxModel, graph: GraphProto): Uint8Array =>
  toBinary(ModelProtoSchema, changed(ModelProtoSchema, model, { graph }));

/** The graph with some lists replaced; name, documentation and unknown fields are kept. */
export const withLists = (
  graph: GraphProto,
  lists: Partial<Pick<GraphProto, 'node' | 'initializer' | 'sparseInitializer' | 'input' | 'output' | 'valueInfo'>>,
): GraphProto => changed(GraphProtoSchema, graph, lists);

/** A copy with some fields replaced; all others are shared with `message`, unknown ones included. */
export const changed = <Desc extends DescMessage>(
  schema: Desc,
  message: MessageShape<Desc>,
  changes: MessageInitShape<Desc>,
): MessageShape<Desc> => {
  const { $typeName: _name, $unknown: unknown, ...fields } = message as Message;
  const copy = create(schema, { ...fields, ...changes } as MessageInitShape<Desc>);
  if (unknown) copy.$unknown = unknown;
  return copy;
};
