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
  readonly boundMs: number;
  readonly notes: readonly string[];
}

const WIDTH = 860;
const LEFT = 150;
const RIGHT = 200;
const ROW = 46;
const TOP = 64;
const COLOURS = { in: '#8ab4d8', compute: '#2f6690', out: '#d8b48a', memory: '#7a9e7e', full: '#c0504d' } as const;

const escapeXml = (text: string): string =>
  text.replace(/[&<>"]/g, (c) => ({ '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' })[c] ?? c);

const text = (x: number, y: number, content: string, more = ''): string =>
  `<text x="${x}" y="${y}" ${more}>${escapeXml(content)}</text>`;

const rect = (x: number, y: number, width: number, height: number, fill: string): string =>
  `<rect x="${x.toFixed(1)}" y="${y}" width="${Math.max(0, width).toFixed(1)}" height="${height}" fill="${fill}"/>`;

const bars = (stage: DrawnStage, index: number, perMs: number): string[] => {
  const y = TOP + index * ROW;
  const total = stage.inMs + stage.computeMs + stage.outMs;
  const share = Math.min(1, stage.usedBytes / stage.memoryBytes);
  return [
    text(8, y + 15, stage.name),
    rect(LEFT, y, stage.inMs * perMs, 20, COLOURS.in),
    rect(LEFT + stage.inMs * perMs, y, stage.computeMs * perMs, 20, COLOURS.compute),
    rect(LEFT + (stage.inMs + stage.computeMs) * perMs, y, stage.outMs * perMs, 20, COLOURS.out),
    text(LEFT + total * perMs + 6, y + 15, `${total.toFixed(2)} ms`),
    rect(LEFT, y + 24, share * (WIDTH - LEFT - RIGHT), 6, share > 0.9 ? COLOURS.full : COLOURS.memory),
    text(WIDTH - RIGHT + 90, y + 31, `${(share * 100).toFixed(0)} % of memory`, 'font-size="11"'),
  ];
};

/** One bar for each stage, what it receives, computes and sends, over its share of memory; the bound as a line. */
export const planSvg = ({ title, stages, boundMs, notes }: Drawing): string => {
  const longest = Math.max(boundMs, ...stages.map((s) => s.inMs + s.computeMs + s.outMs));
  const perMs = (WIDTH - LEFT - RIGHT) / longest;
  const bottom = TOP + stages.length * ROW;
  const boundX = (LEFT + boundMs * perMs).toFixed(1);
  const legend = [
    ['in', 'receive'],
    ['compute', 'compute'],
    ['out', 'send'],
    ['memory', 'memory'],
  ] as const;
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" width="${WIDTH}" height="${bottom + 30 + notes.length * 18}" font-family="sans-serif" font-size="13">`,
    rect(0, 0, WIDTH, bottom + 30 + notes.length * 18, '#ffffff'),
    text(8, 22, title, 'font-size="16" font-weight="bold"'),
    ...legend.flatMap(([colour, name], i) => [
      rect(LEFT + i * 100, 34, 12, 12, COLOURS[colour]),
      text(LEFT + i * 100 + 17, 45, name),
    ]),
    ...stages.flatMap((stage, index) => bars(stage, index, perMs)),
    `<line x1="${boundX}" y1="${TOP - 6}" x2="${boundX}" y2="${bottom}" stroke="#444" stroke-dasharray="4 3"/>`,
    text(Number(boundX) + 4, bottom + 4, `bound ${boundMs.toFixed(2)} ms`, 'font-size="11"'),
    ...notes.map((note, i) => text(8, bottom + 26 + i * 18, note)),
    '</svg>',
    '',
  ].join('\n');
};
