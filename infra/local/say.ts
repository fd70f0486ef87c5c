import type { Clock } from '../../shared/ports/clock.ts';

/** Prints `label  text` with the seconds since the start, for people who watch. */
export type Say = (label: string, text: string) => void;

export const createSay = (clock: Clock, write: (line: string) => void): Say => {
  const startedMs = clock.nowMs();
  return (label, text) => {
    const seconds = ((clock.nowMs() - startedMs) / 1000).toFixed(1).padStart(5);
    const [first, ...rest] = text.split('\n');
    write(`${seconds} s  ${label.padEnd(10)} ${first}`);
    for (const line of rest) write(`${' '.repeat(20)}${line}`);
  };
};

export const short = (hash: string): string => `${hash.slice(0, 10)}...`;
export const amount = (unes: bigint | string): string => `${BigInt(unes).toLocaleString('en-US')} unes`;
export const seconds = (ms: number): string => `${(ms / 1000).toFixed(1)} s`;
