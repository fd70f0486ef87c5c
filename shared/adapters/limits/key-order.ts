/** The order of keys in every store; JavaScript's own differs beyond U+D7FF. */
export const utf8Order = (a: string, b: string): number => Buffer.compare(Buffer.from(a), Buffer.from(b));
