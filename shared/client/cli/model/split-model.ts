import { basename, resolve } from 'node:path';
import { bytesInWords, msInWords } from '../../../planning/words.ts';
import { expectArguments, parse, show, usage } from '../command.ts';
import { homeOf } from '../config.ts';
import type { Io } from '../io.ts';
import { table } from '../table.ts';
import { parseCount, parseDims } from './arguments.ts';

export const SPLIT_HELP = `quorate model split FILE.onnx --stages N --out DIR [options]

Cuts a model into N stages of nearly equal times, each an ONNX file that any runtime loads, over one file of weights;
then runs both and says whether the stages give the same bytes as the whole. DIR must be empty or not there. Weights
that are one file already are linked, not copied, where DIR is on the same disk.

  --dims NAME=SIZE   size of a free dimension of the inputs; as often as needed
  --json             one JSON document on stdout`;

const COMMAND = 'quorate model split';
const OPTIONS = {
  stages: { type: 'string' },
  out: { type: 'string' },
  dims: { type: 'string', multiple: true },
} as const;

export const splitModel = async (args: readonly string[], io: Io): Promise<number> => {
  const { values, positionals } = parse('model split', args, OPTIONS);
  const [file = ''] = expectArguments('model split', positionals, ['FILE']);
  const stages = parseCount(COMMAND, 'stages', values.stages);
  if (values.out === undefined) throw usage(`'${COMMAND}' needs --out DIR`, `See '${COMMAND} --help'.`);
  const dims = parseDims(COMMAND, values.dims);
  // Loads onnxruntime, which no other command needs.
  const lab = await import('../../../../workers/inference/lab/lab.ts');
  const model = await lab.openOnnxFile(resolve(io.cwd, file));
  const out = resolve(io.cwd, values.out);
  const split = await lab.splitFile(model, { stages, dims, folder: homeOf(io, values), out });
  return show(io, values.json, split, () => [
    `${basename(file)} in ${stages === 1 ? '1 stage' : `${stages} stages`}, ${values.out}/stages.json:`,
    ...table(
      [
        ['file', 'compute', 'weights', 'hands on'],
        ...split.stages.map((s) => [
          s.file,
          msInWords(s.computeMs),
          bytesInWords(s.weightBytes),
          bytesInWords(s.outBytes),
        ]),
      ],
      [1, 2, 3],
    ),
    split.check.exact
      ? 'the stages give the same bytes as the whole'
      : `tolerant cut: the stages differ from the whole by at most ${split.check.maxAbsError}`,
  ]);
};
