import sharp from 'sharp';
import outlines from './dejavu-sans-outlines.json' with { type: 'json' };

/**
 * Draws text for tests from glyph outlines, so that no font need be installed and every machine draws the same
 * shapes.
 */
export interface Drawing {
  readonly widthPixels: number;
  readonly heightPixels: number;
  readonly lines: readonly {
    readonly text: string;
    readonly leftPixels: number;
    readonly baselinePixels: number;
    readonly sizePixels: number;
  }[];
}

const glyphs: Readonly<Record<string, { advance: number; path: string }>> = outlines.glyphs;

const glyph = (char: string): { advance: number; path: string } => {
  const found = glyphs[char];
  if (!found) throw new RangeError(`no outline of '${char}': printable ASCII only`);
  return found;
};

const linePaths = ({ text, leftPixels, baselinePixels, sizePixels }: Drawing['lines'][number]): string => {
  const scale = sizePixels / outlines.unitsPerEm;
  let x = 0;
  const paths = [...text].map((char) => {
    const { advance, path } = glyph(char);
    const at = x;
    x += advance;
    return `<path transform="translate(${at} 0)" d="${path}"/>`;
  });
  return `<g transform="translate(${leftPixels} ${baselinePixels}) scale(${scale})">${paths.join('')}</g>`;
};

/** Black text on white. @returns the bytes of a PNG, or of another format of sharp */
export const drawText = async (drawing: Drawing, format: 'png' | 'jpeg' | 'webp' = 'png'): Promise<Uint8Array> => {
  const { widthPixels: w, heightPixels: h, lines } = drawing;
  const svg = `<svg xmlns="http://www.w3.org/2000/svg" width="${w}" height="${h}"><rect width="100%" height="100%" fill="#fff"/>${lines.map(linePaths).join('')}</svg>`;
  return new Uint8Array(
    await sharp(Buffer.from(svg)).flatten({ background: '#ffffff' }).removeAlpha().toFormat(format).toBuffer(),
  );
};

const page = (widthPixels: number, heightPixels: number, sizePixels: number, texts: readonly string[]): Drawing => ({
  widthPixels,
  heightPixels,
  lines: texts.map((text, i) => ({
    text,
    leftPixels: 40,
    baselinePixels: Math.round(50 + sizePixels + i * sizePixels * 2),
    sizePixels,
  })),
});

/** The image of the known answer, and two others. Their text is their lines joined by '\n'. */
export const INVOICE = page(640, 400, 32, [
  'INVOICE 2026-117',
  'Customer: Harbour Lights Ltd',
  'Total due: 1,284.50 EUR',
  'Pay within 30 days',
]);
export const TICKET = page(560, 320, 30, ['Night train 447', 'Coach 12, seat 86', 'Departs at 22:45']);
export const LABEL = page(600, 260, 28, ['Serial number X9-4471-B', 'Made in Portugal, 230 V / 50 Hz']);

export const textOf = (drawing: Drawing): string => drawing.lines.map((line) => line.text).join('\n');
