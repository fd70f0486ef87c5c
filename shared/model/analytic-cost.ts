import { BadInputError } from '../errors.ts';
import type { NodeProto } from './onnx/onnx_pb.ts';
import type { Shapes, TensorShape } from './onnx/tensor-shapes.ts';

/** Operators whose time follows one law; each class has a factor of its own in a fitted cost model. */
export type OperatorClass =
  | 'matmul'
  | 'convolution'
  | 'depthwise'
  | 'recurrent'
  | 'pooling'
  | 'normalisation'
  | 'elementwise'
  | 'transcendental'
  | 'movement'
  | 'view';

export interface NodeCost {
  readonly kind: OperatorClass;
  readonly flops: number;
  /** Read and written. */
  readonly bytes: number;
}

type Law = (node: NodeProto, inputs: readonly (TensorShape | undefined)[], output: TensorShape) => number;

const elements = (tensor: TensorShape | undefined): number => tensor?.dims.reduce((a, b) => a * b, 1) ?? 0;
const product = (values: readonly number[]): number => values.reduce((a, b) => a * b, 1);
const intAttribute = (node: NodeProto, name: string): number =>
  Number(node.attribute.find((a) => a.name === name)?.i ?? 0);

const matmul: Law = (_, [a], output) => 2 * elements(output) * (a?.dims.at(-1) ?? 1);
const convolution =
  (weight: number): Law =>
  (_, inputs, output) =>
    2 * elements(output) * product(inputs[weight]?.dims.slice(1) ?? []);
const perElement =
  (flops: number): Law =>
  (_, inputs, output) =>
    flops * Math.max(elements(output), ...inputs.slice(0, 1).map(elements));
const recurrent =
  (gates: number): Law =>
  (_, [x, weights, recurrence]) => {
    const [steps = 0, batch = 0] = x?.dims ?? [];
    const [directions = 1, , hidden = 0] = recurrence?.dims ?? [];
    return 2 * gates * steps * batch * hidden * (hidden + (weights?.dims[2] ?? 0)) * directions;
  };

const LAWS: Readonly<Record<string, readonly [OperatorClass, Law]>> = {
  MatMul: ['matmul', matmul],
  FusedMatMul: ['matmul', matmul],
  MatMulInteger: ['matmul', matmul],
  QLinearMatMul: ['matmul', matmul],
  // K by division, since A may be transposed: its elements are M x K.
  Gemm: ['matmul', (_, [a], output) => 2 * elements(output) * (elements(a) / (output.dims[0] || 1))],
  MatMulNBits: ['matmul', (node, _, output) => 2 * elements(output) * intAttribute(node, 'K')],
  Conv: ['convolution', convolution(1)],
  ConvInteger: ['convolution', convolution(1)],
  QLinearConv: ['convolution', convolution(3)],
  ConvTranspose: ['convolution', (_, [x, weight]) => 2 * elements(x) * product(weight?.dims.slice(1) ?? [])],
  LSTM: ['recurrent', recurrent(4)],
  GRU: ['recurrent', recurrent(3)],
  RNN: ['recurrent', recurrent(1)],
};

const CLASSES: readonly (readonly [RegExp, OperatorClass, Law])[] = [
  [/^Global\w+Pool$|^Reduce|^Arg(Max|Min)$|^CumSum$/, 'pooling', (_, [x]) => elements(x)],
  [/Pool$/, 'pooling', (node, _, output) => elements(output) * product(kernel(node))],
  // Means, variances and scales: a few per element.
  [/Normalization$/, 'normalisation', perElement(8)],
  [/^(Reshape|Squeeze|Unsqueeze|Flatten|Identity|Dropout|Shape|Size|Constant)$/, 'view', () => 0],
  [
    /^(Transpose|Concat|Slice|Split|Gather\w*|Scatter\w*|Expand|Tile|Pad|Resize|Upsample|Cast|ConstantOfShape|DepthToSpace|SpaceToDepth|Range|Trilu)$/,
    'movement',
    () => 0,
  ],
  // Polynomials of about this many terms in the runtime's vector code.
  [
    /^(Exp|Log|Erf|Sigmoid|Tanh|Gelu|FastGelu|Softplus|Mish|Elu|Selu|Swish|QuickGelu|Sin|Cos|Pow|LRN|(Log)?Softmax)$/,
    'transcendental',
    perElement(10),
  ],
];

/** Read only what they give out, however large the table. */
const readsPart = /^(Gather|Slice)/;

const lawOf = (node: NodeProto): readonly [OperatorClass, Law] => {
  const exact = LAWS[node.opType];
  if (exact) return exact;
  const found = CLASSES.find(([pattern]) => pattern.test(node.opType));
  return found ? [found[1], found[2]] : ['elementwise', perElement(1)];
};

/**
 * FLOPs and bytes of one run of a node. Matrix products 2MNK; convolutions 2 x outputs x (Cin/g) x kernel; LSTM 8 and GRU
 * 6 x T x N x H x (H + I) (a multiplication and an addition count one each). Operators without a formula, and bodies of
 * control flow, count as elementwise on what they read and write.
 * @throws {BadInputError} `profile-needs-shapes` naming the tensor without a shape
 */
export const nodeCost = (node: NodeProto, shapes: Shapes): NodeCost => {
  const inputs = node.input.map((name) => (name === '' ? undefined : known(shapes, name)));
  const outputs = node.output.filter((name) => name !== '').map((name) => known(shapes, name));
  const [kind, law] = lawOf(node);
  const [output] = outputs;
  const flops = output ? law(node, inputs, output) : 0;
  const written = bytesOf(outputs);
  const read = readsPart.test(node.opType) ? written : bytesOf(inputs);
  return { kind: isDepthwise(node, inputs) ? 'depthwise' : kind, flops, bytes: kind === 'view' ? 0 : read + written };
};

const bytesOf = (tensors: readonly (TensorShape | undefined)[]): number =>
  tensors.reduce((sum, tensor) => sum + (tensor?.sizeBytes ?? 0), 0);

/** One input channel per filter: too few sums for the matrix kernels that other convolutions use. */
const isDepthwise = (node: NodeProto, inputs: readonly (TensorShape | undefined)[]): boolean =>
  node.opType === 'Conv' && intAttribute(node, 'group') > 1 && inputs[1]?.dims[1] === 1;

const known = (shapes: Shapes, name: string): TensorShape => {
  const found = shapes.get(name);
  if (found) return found;
  throw new BadInputError('profile-needs-shapes', `the shape of tensor '${name.slice(0, 200)}' is not known`, {
    next: 'measure the model, or add value_info for every tensor to the file (onnx.shape_inference)',
    details: { tensor: name },
  });
};

const kernel = (node: NodeProto): number[] =>
  (node.attribute.find((a) => a.name === 'kernel_shape')?.ints ?? []).map(Number);
