import { MessageChannel } from 'node:worker_threads';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { QuorateError } from '../../../shared/errors.ts';
import { dialLink, type LinkServer, serveLinks } from './grpc-wire.ts';
import { openInlet } from './inlet.ts';
import { messagePortWire } from './message-port-wire.ts';
import { openOutlet } from './outlet.ts';
import { openRendezvous } from './rendezvous.ts';
import { bridge, type Wire } from './wire.ts';

const TOKEN = 'only for this test';
let server: LinkServer;
let came = new Map<string, (wire: Wire) => void>();
let count = 0;

beforeAll(async () => {
  server = await serveLinks({ host: '127.0.0.1', token: TOKEN, onLink: (link, wire) => came.get(link)?.(wire) });
});
afterAll(() => {
  server.close();
  came = new Map();
});

const accepted = (link: string): Promise<Wire> => new Promise((resolve) => came.set(link, resolve));

const closed = (wire: Wire): Promise<QuorateError | undefined> => new Promise((resolve) => wire.onClose(resolve));

type Ends = readonly [near: Wire, far: Wire];

const ports = async (): Promise<Ends> => {
  const { port1, port2 } = new MessageChannel();
  return [messagePortWire(port1), messagePortWire(port2)];
};

const grpc = async (): Promise<Ends> => {
  const link = `link ${count++}`;
  const other = accepted(link);
  const near = dialLink({ address: server.address, token: TOKEN, link });
  return [near, await other];
};

/** As between two worker processes: each compute thread has a port only. */
const bridged = async (): Promise<Ends> => {
  const [near, nearMain] = await ports();
  const [farMain, far] = await ports();
  const [dialled, other] = await grpc();
  bridge(nearMain, dialled);
  bridge(other, farMain);
  return [near, far];
};

describe.each([
  ['message ports', ports],
  ['gRPC', grpc],
  ['ports over gRPC', bridged],
])('a link over %s', (_, open) => {
  it('carries many hand-overs in order, small and larger than the window', async () => {
    const [near, far] = await open();
    const outlet = openOutlet(near);
    const inlet = openInlet(far, 64 << 10);
    const sizes = [0, 1, 100_000, 3, 2_000_000, 64 << 10, 17];
    const made = (i: number): Uint8Array => new Uint8Array(sizes[i] ?? 0).fill(i + 1);
    const sends = sizes.map((_size, i) => outlet.send(`run ${i}`, made(i)));
    for (const i of sizes.keys()) {
      const bytes = (await inlet.receive(`run ${i}`))?.take();
      expect(Buffer.compare(bytes ?? Buffer.from('none'), made(i))).toBe(0);
    }
    await Promise.all(sends);
    near.close();
    await closed(far);
  });

  it('sends no more than the receiver has room for, whatever lies between', async () => {
    const [near, far] = await open();
    const outlet = openOutlet(near);
    const inlet = openInlet(far, 1000);
    let sent = 0;
    for (let i = 0; i < 10; i++) void outlet.send(`run ${i}`, new Uint8Array(600)).then(() => sent++);
    for (let i = 0; i < 10; i++) {
      const arrival = await inlet.receive(`run ${i}`);
      expect(sent).toBeLessThanOrEqual(i + 2);
      arrival?.take();
    }
    far.close();
    await closed(near);
  });

  it('gives nothing more when the other end closes, and what was sent before', async () => {
    const [near, far] = await open();
    const outlet = openOutlet(near);
    const inlet = openInlet(far);
    const never = inlet.receive('never');
    await outlet.send('before', new Uint8Array(700_000).fill(5));
    near.close();
    expect((await inlet.receive('before'))?.take()).toHaveLength(700_000);
    expect(await never).toBeUndefined();
  });

  it('says nothing to a sender whose receiver is gone', async () => {
    const [near, far] = await open();
    const outlet = openOutlet(near);
    far.close();
    await closed(near);
    await outlet.send('late', new Uint8Array(10));
    outlet.none('later');
  });
});

describe('a server of links', () => {
  it('refuses whoever does not know the token', async () => {
    const wire = dialLink({ address: server.address, token: `${TOKEN}?`, link: 'a' });
    expect(await closed(wire)).toMatchObject({ family: 'bad-input', code: 'unauthenticated' });
  });

  it('is missed where nobody listens', async () => {
    const wire = dialLink({ address: '127.0.0.1:1', token: TOKEN, link: 'a' });
    expect(await closed(wire)).toMatchObject({ family: 'transient', code: 'link-broken' });
  });

  /** Sends bytes as they are, as no worker of ours does. */
  const sendRaw = async (frames: readonly Uint8Array[]): Promise<QuorateError | undefined> => {
    const link = `raw ${count++}`;
    const other = accepted(link);
    const client = new Client(server.address, credentials.createInsecure());
    const metadata = new Metadata();
    metadata.set('quorate-token', TOKEN);
    metadata.set('quorate-link', link);
    const asIs = (bytes: Buffer): Buffer => bytes;
    const stream = client.makeBidiStreamRequest<Buffer, Buffer>('/quorate.Links/Link', asIs, asIs, metadata);
    stream.on('error', () => undefined);
    stream.on('data', () => undefined);
    const wire = await other;
    openInlet(wire, 100);
    const ended = closed(wire);
    for (const frame of frames) stream.write(Buffer.from(frame));
    stream.end();
    const reason = await ended;
    client.close();
    return reason;
  };

  it('closes the link of a bad frame, and lives on', async () => {
    expect(await sendRaw([Uint8Array.of(9, 9, 9)])).toMatchObject({ code: 'bad-frame' });
    expect(await sendRaw([new Uint8Array(400_000)])).toMatchObject({ code: 'link-broken' });
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 20 }), { maxLength: 8 }), async (frames) => {
        const reason = await sendRaw(frames);
        if (reason) expect(reason.family).toMatch(/bad-input|transient/);
      }),
      { numRuns: 30 },
    );
    const [near, far] = await grpc();
    const outlet = openOutlet(near);
    const inlet = openInlet(far);
    await outlet.send('after', Uint8Array.of(1));
    expect((await inlet.receive('after'))?.take()).toEqual(Uint8Array.of(1));
    near.close();
  });
});

describe('a rendezvous', () => {
  it.each(['told', 'came'] as const)('bridges the two sides of a link, %s first', async (first) => {
    const meeting = openRendezvous();
    const [near, nearMain] = await ports();
    const [farMain, far] = await ports();
    meeting[first]('a', first === 'told' ? nearMain : farMain);
    const outlet = openOutlet(near);
    const sent = outlet.send('run', Uint8Array.of(1, 2));
    meeting[first === 'told' ? 'came' : 'told']('a', first === 'told' ? farMain : nearMain);
    expect((await openInlet(far).receive('run'))?.take()).toEqual(Uint8Array.of(1, 2));
    await sent;
    near.close();
    await closed(far);
  });

  it('closes a link whose other end died before it came, and no other', async () => {
    const meeting = openRendezvous();
    const [waiting, main] = await ports();
    meeting.told('a', main);
    const asked = openInlet(waiting).receive('run');
    meeting.forget('b');
    meeting.forget('a');
    expect(await asked).toBeUndefined();
  });

  it('takes one stream of a link', async () => {
    const meeting = openRendezvous();
    const [[, first], [, second]] = [await ports(), await ports()];
    meeting.came('a', first);
    meeting.came('a', second);
    expect(await closed(second)).toMatchObject({ code: 'link-refused' });
    first.close();
  });
});
