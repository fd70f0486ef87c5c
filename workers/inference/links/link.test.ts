import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { QuorateError } from '../../../shared/errors.ts';
import { openInlet } from './inlet.ts';
import { openOutlet } from './outlet.ts';
import { memoryWires } from './testdata/memory-wire.ts';
import type { Wire, WireMessage } from './wire.ts';

const linked = (windowBytes: number) => {
  const [near, far] = memoryWires();
  // The sender listens first: the receiver grants its window as it opens.
  const outlet = openOutlet(near);
  return { near, far, outlet, inlet: openInlet(far, windowBytes) };
};

const bytes = (length: number, value = 7): Uint8Array => new Uint8Array(length).fill(value);

const chunk = (id: string, length: number, last = true): WireMessage => ({
  kind: 'chunk',
  id,
  bytes: bytes(length),
  last,
});

const reasonOf = (wire: Wire): { code: string | undefined } => {
  const seen: { code: string | undefined } = { code: undefined };
  wire.onClose((reason?: QuorateError) => {
    seen.code = reason?.code;
  });
  return seen;
};

describe('a link', () => {
  it('hands over many runs at a time, whichever is asked for first', async () => {
    const { outlet, inlet } = linked(1000);
    const asked = inlet.receive('b');
    await Promise.all([outlet.send('a', bytes(3, 1)), outlet.send('b', bytes(4, 2)), outlet.send('c', bytes(0))]);
    expect((await asked)?.take()).toEqual(bytes(4, 2));
    expect((await inlet.receive('c'))?.take()).toEqual(bytes(0));
    expect((await inlet.receive('a'))?.take()).toEqual(bytes(3, 1));
  });

  it('tells of a stage that ended without output, before and after somebody asks', async () => {
    const { outlet, inlet } = linked(1000);
    const asked = inlet.receive('a');
    outlet.none('a');
    outlet.none('b');
    expect(await asked).toBeUndefined();
    expect(await inlet.receive('b')).toBeUndefined();
  });

  it('tells whether what came was written down, or will never be', async () => {
    const { outlet, inlet, near } = linked(1000);
    for (const id of ['sealed', 'ended', 'closed']) void outlet.send(id, bytes(3));
    const [sealed, ended, closed] = await Promise.all(['sealed', 'ended', 'closed'].map((id) => inlet.receive(id)));
    outlet.seal('sealed');
    outlet.none('ended');
    expect([await sealed?.sealed, await ended?.sealed]).toEqual([true, false]);
    near.close();
    expect(await closed?.sealed).toBe(false);
  });

  it('seals nothing before it has come, however long it waits for credit', async () => {
    const { outlet, inlet } = linked(2);
    for (const id of ['a', 'b']) void outlet.send(id, bytes(3));
    outlet.seal('b');
    const first = await inlet.receive('a');
    first?.take();
    expect(await (await inlet.receive('b'))?.sealed).toBe(true);
  });

  it('closes when something is sealed that did not come', () => {
    const { near, far } = linked(10);
    const reason = reasonOf(far);
    near.send({ kind: 'sealed', id: 'a' });
    expect(reason.code).toBe('sealed-nothing');
  });

  it('sends when the job before has taken its input, and not sooner', async () => {
    const { outlet, inlet, near } = linked(10);
    const sent: string[] = [];
    for (const id of ['a', 'b', 'c']) void outlet.send(id, bytes(10)).then(() => sent.push(id));
    const first = await inlet.receive('a');
    expect(sent).toEqual(['a']);
    expect(near.sent).toHaveLength(1);
    first?.take();
    await inlet.receive('b');
    expect(sent).toEqual(['a', 'b']);
  });

  it('sends when the job before has let go of its input, taken or not', async () => {
    const { outlet, inlet } = linked(10);
    for (const id of ['taken', 'left', 'last']) void outlet.send(id, bytes(10));
    const taken = await inlet.receive('taken');
    taken?.take();
    taken?.drop();
    const left = await inlet.receive('left');
    left?.drop();
    left?.drop();
    expect(() => left?.take()).toThrow(/taken once/);
    expect((await inlet.receive('last'))?.take()).toHaveLength(10);
  });

  it('lets a message larger than the window pass, alone', async () => {
    const { outlet, inlet, near } = linked(10);
    void outlet.send('large', bytes(1000));
    void outlet.send('small', bytes(1));
    expect(near.sent).toHaveLength(1);
    expect((await inlet.receive('large'))?.take()).toHaveLength(1000);
    expect((await inlet.receive('small'))?.take()).toHaveLength(1);
  });

  it('never has more under way than the window and one message, and loses nothing, in any order of taking', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 50 }),
        fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 30 }),
        fc.infiniteStream(fc.nat()),
        async (windowBytes, sizes, picks) => {
          const { near, outlet, inlet } = linked(windowBytes);
          for (const [i, size] of sizes.entries()) void outlet.send(String(i), bytes(size, i));
          const taken = new Set<string>();
          let takenBytes = 0;
          while (taken.size < sizes.length) {
            const came = near.sent.flatMap((message) => (message.kind === 'chunk' ? [message] : []));
            const cameBytes = came.reduce((sum, message) => sum + message.bytes.length, 0);
            expect(cameBytes - takenBytes).toBeLessThanOrEqual(windowBytes + (came.at(-1)?.bytes.length ?? 0));
            const left = came.filter(({ id }) => !taken.has(id));
            const { id } = left[picks.next().value % left.length]!;
            const got = (await inlet.receive(id))?.take();
            expect(got).toEqual(bytes(sizes[Number(id)]!, Number(id)));
            taken.add(id);
            takenBytes += got?.length ?? 0;
          }
        },
      ),
    );
  });
});

describe('a link that closes', () => {
  it('in the middle of a hand-over gives nothing of it', async () => {
    const { near, inlet } = linked(1000);
    const asked = inlet.receive('a');
    near.send(chunk('a', 10, false));
    near.close();
    expect(await asked).toBeUndefined();
    expect(await inlet.receive('a')).toBeUndefined();
  });

  it('still gives what had come whole', async () => {
    const { near, outlet, inlet } = linked(1000);
    await outlet.send('a', bytes(5));
    near.close();
    expect((await inlet.receive('a'))?.take()).toEqual(bytes(5));
    expect(await inlet.receive('b')).toBeUndefined();
  });

  it('keeps no sender waiting', async () => {
    const { near, outlet } = linked(10);
    const sends = ['a', 'b', 'c'].map((id) => outlet.send(id, bytes(10)));
    near.close();
    await Promise.all(sends);
    await outlet.send('d', bytes(10));
    expect(near.sent).toHaveLength(1);
  });
});

describe('a sender that breaks the rules', () => {
  it.each<[string, WireMessage[]]>([
    ['credit-exceeded', [chunk('a', 1000), chunk('b', 1)]],
    ['mixed-hand-overs', [chunk('a', 1, false), chunk('b', 1)]],
    ['repeated-hand-over', [chunk('a', 1), chunk('a', 1)]],
    ['repeated-hand-over', [{ kind: 'none', id: 'a' }, chunk('a', 1)]],
    ['unasked-hand-overs', Array.from({ length: 1025 }, (_, i) => ({ kind: 'none' as const, id: String(i) }))],
  ])('closes its own wire: %s', async (code, messages) => {
    const { near, far, inlet } = linked(1000);
    const reason = reasonOf(far);
    for (const message of messages) near.send(message);
    expect(reason.code).toBe(code);
    expect(await inlet.receive('never')).toBeUndefined();
  });
});
