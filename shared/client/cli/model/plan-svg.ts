import { msInWords } from '../../../planning/words.ts';

/** What a drawing shows of one stage; times in ms. */
export interface DrawnStage {
  readonly name: string;
  readonly inMs: number;
  readonly computeMs: number;
  readonly outMs: number;
  readonly usedBytes: number;
  readonly memoryBytes: number;
}

export interface Drawing {
  readonly title: string;
  readonly stages: readonly DrawnStage[];
  /** Drawn as a line where there is one. */
  readonly boundMs: number | undefined;
  readonly notes: readonly string[];
}

const WIDTH = 860;
const LEFT = 150;
const RIGHT = 200;
const ROW = 46;
const TOP = 64;
const LINE = 18;
/** What fits left of the bars, and into a line of notes. */
const NAME_CHARS = 20;
const NOTE_CHARS = 115;
const COLOURS = {
  in: '#8ab4d8',
  compute: '#2f6690',
  out: '#d8b48a',
  memory: '#7a9e7e',
  full: '#c0504d',
  track: '#eeeeee',
} as const;
const LEGEND = [
  ['in', 'receive'],
  ['compute', 'compute'],
  ['out', 'send'],
  ['memory', 'memory'],
] as const;

/** XML 1.0 has no control characters, not even escaped ones. */
const escapeXml = (text: string): string =>
  text
    .replace(/\p{Cc}|\p{Cs}|[\uFFFE\uFFFF]/gu, '?')
    .replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x.toFixed(1)}" y="${y}"${more}>${escapeXml(content)}</text>`;

const rect = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect x="${x.toFixed(1)}" y="${y}" width="${width.toFixed(1)}" height="${height}" fill="${fill}"/>`;

const totalMs = ({ inMs, computeMs, outMs }: DrawnStage): number => inMs + computeMs + outMs;

const shortened = (name: string): string => (name.length > NAME_CHARS ? `${name.slice(0, NAME_CHARS - 1)}…` : name);

/** Broken between words; a word longer than a line is broken anywhere. */
const wrapped = (note: string): string[] =>
  note.match(new RegExp(`.{1,${NOTE_CHARS}}(?= |$)|.{${NOTE_CHARS}}`, 'gs')) ?? [];

const bars = (stage: DrawnStage, index: number, perMs: number): string[] => {
  const y = TOP + index * ROW;
  const whole = WIDTH - LEFT - RIGHT;
  const [inWidth, computeWidth, outWidth] = [stage.inMs * perMs, stage.computeMs * perMs, stage.outMs * perMs];
  const share = Math.min(1, stage.usedBytes / stage.memoryBytes);
  return [
    text(8, y + 15, shortened(stage.name)),
    rect(LEFT, y, inWidth, 20, COLOURS.in),
    rect(LEFT + inWidth, y, computeWidth, 20, COLOURS.compute),
    rect(LEFT + inWidth + computeWidth, y, outWidth, 20, COLOURS.out),
    text(LEFT + inWidth + computeWidth + outWidth + 6, y + 15, msInWords(totalMs(stage))),
    rect(LEFT, y + 24, whole, 6, COLOURS.track),
    rect(LEFT, y + 24, share * whole, 6, share > 0.9 ? COLOURS.full : COLOURS.memory),
    text(LEFT + whole + 6, y + 31, `${(share * 100).toFixed(0)} % of memory`, ' font-size="11"'),
  ];
};

const boundLine = (boundMs: number, perMs: number, bottom: number): string[] => {
  const x = (LEFT + boundMs * perMs).toFixed(1);
  return [
    `<line x1="${x}" y1="${TOP - 6}" x2="${x}" y2="${bottom}" stroke="#444" stroke-dasharray="4 3"/>`,
    text(Number(x) + 4, bottom + 4, `bound ${msInWords(boundMs)}`, ' font-size="11"'),
  ];
};

/** One bar for each stage, what it receives, computes and sends, over its share of memory; the bound as a line. */
export const planSvg = ({ title, stages, boundMs, notes }: Drawing): string => {
  const longest = Math.max(boundMs ?? 0, ...stages.map(totalMs));
  const perMs = longest > 0 ? (WIDTH - LEFT - RIGHT) / longest : 0;
  const bottom = TOP + stages.length * ROW;
  const lines = notes.flatMap(wrapped);
  const height = bottom + 30 + lines.length * LINE;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${height}" font-family="sans-serif" font-size="13">`,
    rect(0, 0, WIDTH, height, '#ffffff'),
    text(8, 22, title, ' font-size="16" font-weight="bold"'),
    ...LEGEND.flatMap(([colour, name], i) => [
      rect(LEFT + i * 100, 34, 12, 12, COLOURS[colour]),
      text(LEFT + i * 100 + 17, 45, name),
    ]),
    ...stages.flatMap((stage, index) => bars(stage, index, perMs)),
    ...(boundMs === undefined ? [] : boundLine(boundMs, perMs, bottom)),
    ...lines.map((line, i) => text(8, bottom + 26 + i * LINE, line.trim())),
    '</svg>',
    '',
  ].join('\n');
};
