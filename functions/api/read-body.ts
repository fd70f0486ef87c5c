import { BadInputError } from '../../shared/errors.ts';

/**
 * Reads a body and stops at the limit: a sender of more has cost us no more than the limit, whatever it announced.
 * @throws {BadInputError} `body-too-large`
 */
export const readBody = async (request: Request, maxBytes: number): Promise<Uint8Array> => {
  const refuse = (receivedBytes: number, how: string): BadInputError =>
    new BadInputError('body-too-large', `the body has ${how} ${receivedBytes} bytes; at most ${maxBytes} are allowed`, {
      next: 'Send a smaller input.',
      details: { receivedBytes, maxBytes },
    });
  const announced = Number(request.headers.get('content-length') ?? 0);
  if (announced > maxBytes) throw refuse(announced, 'exactly');
  const chunks: Uint8Array[] = [];
  let size = 0;
  // for await cancels the stream when it is left early.
  for await (const chunk of request.body ?? []) {
    size += chunk.length;
    if (size > maxBytes) throw refuse(size, 'at least');
    chunks.push(chunk);
  }
  return new Uint8Array(Buffer.concat(chunks, size));
};
