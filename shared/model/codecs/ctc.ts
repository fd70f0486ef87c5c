import { BadInputError } from '../../errors.ts';
import type { TensorBytes } from '../../protocol/digest.ts';
import { asFloat32, type TensorBundle } from '../tensors.ts';

/** After PaddleOCR's recogniser: greedy CTC (ppocr/postprocess/rec_postprocess.py, CTCLabelDecode) and text. */

/** Class 0 means "no character". */
const BLANK = 0;
/**
 * drop_score of tools/infer/utility.py: lines whose kept characters are less probable than this on average are no
 * text.
 */
const LINE_THRESHOLD = 0.5;

/**
 * Characters of the classes 1 and up: the file's lines, then a space (use_space_char).
 * @param file UTF-8, one character a line
 */
export const readKeys = (file: Uint8Array): string[] => {
  const lines = new TextDecoder()
    .decode(file)
    .split('\n')
    .map((line) => line.replace(/\r$/, ''));
  if (lines.at(-1) === '') lines.pop();
  return [...lines, ' '];
};

export interface DecodedLine {
  readonly text: string;
  /** Mean probability of the kept characters; 0 for no characters. */
  readonly confidence: number;
}

/**
 * Most probable class of each step, repeats collapsed, blanks dropped. The first of equal classes wins.
 * @param tensor float32 [1, steps, classes], with classes = keys + 1
 * @throws {BadInputError} `keys-do-not-fit`
 */
export const decodeLine = (tensor: TensorBytes, keys: readonly string[]): DecodedLine => {
  const [batch, steps = 0, classes = 0] = tensor.dims;
  if (tensor.dims.length !== 3 || batch !== 1 || classes !== keys.length + 1) {
    throw new BadInputError(
      'keys-do-not-fit',
      `${keys.length} characters and a blank need [1, steps, ${keys.length + 1}]; the graph gave [${tensor.dims}]`,
      { next: 'install the model with the list of characters that belongs to it' },
    );
  }
  const values = asFloat32(tensor);
  let text = '';
  let sum = 0;
  let kept = 0;
  let previous = BLANK;
  for (let step = 0; step < steps; step++) {
    const best = mostProbable(values.subarray(step * classes, (step + 1) * classes));
    if (best !== BLANK && best !== previous) {
      text += keys[best - 1] ?? '';
      sum += values[step * classes + best] ?? 0;
      kept += 1;
    }
    previous = best;
  }
  return { text, confidence: kept === 0 ? 0 : sum / kept };
};

const mostProbable = (row: Float32Array): number => {
  let best = 0;
  let most = -Infinity;
  for (let i = 0; i < row.length; i++) {
    const value = row[i] ?? -Infinity;
    if (value > most) {
      most = value;
      best = i;
    }
  }
  return best;
};

/** Text of an image: rows joined by '\n', the lines of a row by a space, no trailing spaces, no empty rows. */
export const joinLines = (outputs: TensorBundle, rows: Int32Array, keys: readonly string[]): string => {
  const byRow = new Map<number, string[]>();
  outputs.forEach((tensor, index) => {
    const { text, confidence } = decodeLine(tensor, keys);
    const trimmed = text.trim();
    if (confidence < LINE_THRESHOLD || trimmed === '') return;
    const row = rows[index] ?? 0;
    byRow.set(row, [...(byRow.get(row) ?? []), trimmed]);
  });
  return [...byRow]
    .sort(([a], [b]) => a - b)
    .map(([, texts]) => texts.join(' '))
    .join('\n');
};
