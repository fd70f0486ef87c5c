/** Three significant digits: `1.2 GB`, `340 kB`. Decimal units, as memory and links are sold. */
export const bytesInWords = (bytes: number): string => {
  if (!Number.isFinite(bytes)) return 'any number of bytes';
  if (bytes < 1000) return `${Math.round(bytes)} B`;
  const power = Math.min(4, Math.floor(Math.log10(bytes) / 3));
  return `${short(bytes / 1000 ** power)} ${['B', 'kB', 'MB', 'GB', 'TB'][power]}`;
};

/** Three significant digits: `12.5 ms`, `0.003 ms`. */
export const msInWords = (ms: number): string => `${short(ms)} ms`;

const short = (value: number): string =>
  value >= 1000 ? String(Math.round(value)) : String(Number(value.toPrecision(3)));
