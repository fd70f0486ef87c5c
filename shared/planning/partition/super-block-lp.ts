import type { WorkGraph } from '../graph.ts';
import type { Terms } from './terms.ts';

/** Readers of the format cut lines near 560 characters. */
const LINE_CHARS = 500;

type Sum = readonly (readonly [factor: number, variable: string])[];

/**
 * A relaxation of the partition as a mixed-integer program (arXiv 2311.03703; sharding.md 1.4): the nodes fall into three
 * super blocks, those before, in and after the stage with the most work. `a` of a node says that it is in or after it, `b`
 * that it is after it. `i` and `o` of a tensor say that it comes into the stage and that it leaves it. The stage has at
 * least an even share of the work.
 *
 * With a place, `place` stages lie before it and the others after it; none has more work, none a higher cost. The paper
 * stops there; we also charge what leaves those before (`l`) and what comes into those after (`m`): each such tensor is
 * charged there at least once. The best partition meets every row if z is its bottleneck, so the least z is a bound.
 * @param unitMs the unit of z and of all times: a bound already known, z is no less
 */
export const superBlockLp = (graph: WorkGraph, terms: Terms, unitMs: number, place: number | undefined): string => {
  const { stages, bytesPerMs } = terms;
  const rows: string[] = [];
  const row = (sum: Sum, least: number): void => {
    const words = sum
      .filter(([factor]) => factor !== 0)
      .map(([factor, name]) => `${factor < 0 ? '-' : '+'} ${Math.abs(factor)} ${name}`);
    rows.push(wrapped([`r${rows.length}:`, ...words, `>= ${least}`]));
  };
  const work = graph.nodes.map(({ timeMs }) => timeMs / unitMs);
  const allWork = work.reduce((sum, ms) => sum + ms, 0);
  const sent = graph.tensors.flatMap(({ producer, consumers, sizeBytes }, t) =>
    producer === undefined || consumers.length === 0 || sizeBytes === 0
      ? []
      : [{ t, producer, consumers, ms: sizeBytes / bytesPerMs / unitMs }],
  );
  /** `factor` times the work in and after the stage, or only after it. */
  const workOf = (label: 'a' | 'b', factor: number): Sum => work.map((ms, v) => [factor * ms, `${label}${v}`]);
  const sentAs = (kind: string): Sum => sent.map(({ t, ms }) => [-ms, `${kind}${t}`]);
  const inStage = (factor: number): Sum => [...workOf('a', factor), ...workOf('b', -factor)];

  row(inStage(1), allWork / stages);
  row([[1, 'z'], ...inStage(-1), ...sentAs('i'), ...sentAs('o')], 0);
  graph.nodes.forEach((_, v) => {
    row(
      [
        [1, `a${v}`],
        [-1, `b${v}`],
      ],
      0,
    );
  });
  for (const { t, producer: p, consumers } of sent) {
    for (const q of consumers) {
      row(
        [
          [1, `a${q}`],
          [-1, `a${p}`],
        ],
        0,
      );
      row(
        [
          [1, `b${q}`],
          [-1, `b${p}`],
        ],
        0,
      );
      row(
        [
          [1, `i${t}`],
          [-1, `a${q}`],
          [1, `b${q}`],
          [1, `a${p}`],
        ],
        0,
      );
      row(
        [
          [1, `o${t}`],
          [-1, `a${p}`],
          [1, `b${p}`],
          [-1, `b${q}`],
        ],
        -1,
      );
      if (place === undefined) continue;
      row(
        [
          [1, `l${t}`],
          [-1, `a${q}`],
          [1, `a${p}`],
        ],
        0,
      );
      row(
        [
          [1, `m${t}`],
          [-1, `b${q}`],
          [1, `b${p}`],
        ],
        0,
      );
    }
  }
  if (place !== undefined) {
    const after = stages - 1 - place;
    row([...workOf('a', place + 1), ...workOf('b', -place)], allWork);
    row([...workOf('a', after), ...workOf('b', -after - 1)], 0);
    row([[place, 'z'], ...workOf('a', 1), ...sentAs('l')], allWork);
    row([[after, 'z'], ...workOf('b', -1), ...sentAs('m')], 0);
  }

  const kinds = place === undefined ? ['i', 'o'] : ['i', 'o', 'l', 'm'];
  const shares = sent.flatMap(({ t }) => kinds.map((kind) => `0 <= ${kind}${t} <= 1`));
  const labels = wrapped(graph.nodes.flatMap((_, v) => [`a${v}`, `b${v}`]));
  return ['Minimize', 'obj: z', 'Subject To', ...rows, 'Bounds', 'z >= 1', ...shares, 'Binary', labels, 'End', ''].join(
    '\n',
  );
};

const wrapped = (words: readonly string[]): string => {
  const lines: string[] = [];
  let line = '';
  for (const word of words) {
    if (line.length + word.length > LINE_CHARS) {
      lines.push(line);
      line = '';
    }
    line = line === '' ? word : `${line} ${word}`;
  }
  return [...lines, line].join('\n ');
};
