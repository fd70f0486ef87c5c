import { readFileSync } from 'node:fs';
import type { Transcript } from './transcript.ts';

const SCHEMA = new URL('../../infra/chain/contract/schema/quorate-contract.json', import.meta.url);

/** Names of all messages of execution, sorted. */
export const messagesOfContract = (): string[] => {
  const { execute } = JSON.parse(readFileSync(SCHEMA, 'utf8')) as {
    execute: { oneOf: readonly { readonly required: readonly string[] }[] };
  };
  return execute.oneOf.flatMap(({ required }) => required).sort();
};

/** Names of the messages that were played and accepted. */
export const acceptedIn = (log: Transcript): string[] => {
  const accepted = new Set(log.entries.filter(({ code }) => code === 0).map(({ step }) => step));
  return [...log.gas].filter(([step]) => accepted.has(step)).map(([, { message }]) => message);
};
