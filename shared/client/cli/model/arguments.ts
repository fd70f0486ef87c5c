import { usage } from '../command.ts';

/** `name=64` as often as wanted. @throws {BadInputError} `usage` */
export const parseDims = (command: string, texts: readonly string[] = []): Readonly<Record<string, number>> =>
  Object.fromEntries(
    texts.map((text) => {
      const at = text.lastIndexOf('=');
      const [name, size] = [text.slice(0, at), Number(text.slice(at + 1))];
      if (at > 0 && Number.isSafeInteger(size) && size > 0) return [name, size] as const;
      throw usage(`--dims takes NAME=SIZE with a whole size from 1, received '${text}'`, `See '${command} --help'.`);
    }),
  );

/** A whole number from `least` on. @throws {BadInputError} `usage` */
export const parseCount = (command: string, option: string, text: string | undefined, least = 1): number => {
  const count = Number(text);
  if (text !== undefined && Number.isSafeInteger(count) && count >= least) return count;
  throw usage(
    `--${option} takes a whole number from ${least} on, received ${text === undefined ? 'nothing' : `'${text}'`}`,
    `See '${command} --help'.`,
  );
};
