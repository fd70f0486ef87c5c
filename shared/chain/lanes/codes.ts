/** What an answer of the chain means for the transaction that it is about. */
export type Verdict =
  /** In a mempool, or in a block with code 0. */
  | 'accepted'
  /** Nobody's fault and nothing changed: the same bytes again, later. */
  | 'same-bytes-later'
  /** These bytes can never take effect; new ones may, once the account is read again. */
  | 'sign-again'
  | 'more-fee'
  | 'more-gas'
  | 'fewer-messages'
  /** The chain has no unordered transactions. */
  | 'ordered-only'
  /** About the account that signs or pays: whoever is in the batch shares it. */
  | 'account'
  /** About a message, and for good. */
  | 'final';

interface Entry {
  readonly code: number;
  /** Registered text, which ends the log: a simulation answers with text only. */
  readonly text: string;
  readonly verdict: Verdict;
}

/** Codespace sdk: cosmos-sdk v0.53 types/errors/errors.go. Whatever is not listed, and every other codespace (wasm, authz, bank), is final. */
export const SDK_CODES: readonly Entry[] = [
  { code: 4, text: 'unauthorized', verdict: 'account' },
  { code: 5, text: 'insufficient funds', verdict: 'account' },
  { code: 8, text: 'invalid pubkey', verdict: 'account' },
  { code: 9, text: 'unknown address', verdict: 'account' },
  { code: 11, text: 'out of gas', verdict: 'more-gas' },
  { code: 13, text: 'insufficient fee', verdict: 'more-fee' },
  { code: 18, text: 'invalid request', verdict: 'final' },
  { code: 19, text: 'tx already in mempool', verdict: 'accepted' },
  { code: 20, text: 'mempool is full', verdict: 'same-bytes-later' },
  { code: 21, text: 'tx too large', verdict: 'fewer-messages' },
  { code: 30, text: 'tx timeout height', verdict: 'sign-again' },
  { code: 32, text: 'incorrect account sequence', verdict: 'sign-again' },
  { code: 37, text: 'feature not supported', verdict: 'ordered-only' },
  { code: 41, text: 'invalid gas limit', verdict: 'fewer-messages' },
  { code: 42, text: 'tx timeout', verdict: 'sign-again' },
];

export interface AbciAnswer {
  readonly code: number;
  readonly codespace: string;
}

export const classify = ({ code, codespace }: AbciAnswer): Verdict => {
  if (code === 0) return 'accepted';
  if (codespace !== 'sdk') return 'final';
  return SDK_CODES.find((entry) => entry.code === code)?.verdict ?? 'final';
};

/** baseapp puts this in front of what a message failed with, and nothing else does. */
const MESSAGE_INDEX = /failed to execute message; message index: (\d+): /;

/** Place of the message that a failed transaction names; undefined when the failure is not about one message. */
export const messageIndexOf = (log: string): number | undefined => {
  const found = MESSAGE_INDEX.exec(log)?.[1];
  return found === undefined ? undefined : Number(found);
};

/** The same table for a refused simulation, whose code is lost on the way. A named message is final: its text is not the SDK's. */
export const classifyText = (log: string): Verdict => {
  if (messageIndexOf(log) !== undefined) return 'final';
  return SDK_CODES.find(({ text }) => log.includes(`: ${text}`))?.verdict ?? 'final';
};
