import { BadInputError } from '../../../shared/errors.ts';
import { resume } from './resume.ts';
import { speed } from './speed.ts';
import { transferTable } from './transfer.ts';

const PARTS: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  speed,
  transfer: transferTable,
  resume,
};

/** Stages on workers. @param args one of the parts, with its own arguments; all of them unless given */
export const pipelineBench = async ([name, ...args]: readonly string[]): Promise<void> => {
  if (name === undefined) {
    for (const part of Object.values(PARTS)) await part([]);
    return;
  }
  const part = PARTS[name];
  if (!part) throw new BadInputError('usage', `no part '${name}': there are ${Object.keys(PARTS).join(', ')}`);
  await part(args);
};
