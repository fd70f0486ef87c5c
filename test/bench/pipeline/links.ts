import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { MessageChannel, type MessagePort, Worker } from 'node:worker_threads';
import { encodeTensors, type TensorBundle } from '../../../shared/model/tensors.ts';
import type { OnnxFile } from '../../../workers/inference/lab/onnx-file.ts';
import { splitFile } from '../../../workers/inference/lab/split-file.ts';
import { dialLink, serveLinks } from '../../../workers/inference/links/grpc-wire.ts';
import { openInlet } from '../../../workers/inference/links/inlet.ts';
import { messagePortWire } from '../../../workers/inference/links/message-port-wire.ts';
import { openOutlet } from '../../../workers/inference/links/outlet.ts';
import { bridge } from '../../../workers/inference/links/wire.ts';

export type Carrier = 'threads' | 'gRPC on loopback';

export interface LinkRun {
  readonly file: OnnxFile;
  readonly sample: TensorBundle;
  readonly dims: Readonly<Record<string, number>>;
  readonly stages: number;
  readonly carrier: Carrier;
}

/** Milliseconds of one query after another, and queries a second with `inFlight` at once, over links alone. */
export const overLinks = async (
  { file, sample, dims, stages, carrier }: LinkRun,
  runs: number,
  inFlight: number,
): Promise<{ oneMs: number; manyPerS: number }> => {
  const folder = await mkdtemp(join(tmpdir(), 'quorate-links-'));
  const out = join(folder, 'stages');
  const split = await splitFile(file, { stages, dims, folder, out });
  const joints = await Promise.all(Array.from({ length: stages + 1 }, () => joint(carrier)));
  const workers = split.stages.map(({ file: name }, i) => {
    const [input, output] = [joints[i]?.to as MessagePort, joints[i + 1]?.from as MessagePort];
    const settings = { workerData: { path: join(out, name), input, output }, transferList: [input, output] };
    return new Worker(new URL('./link-worker.ts', import.meta.url), settings);
  });
  await Promise.all(workers.map((worker) => new Promise((resolve) => worker.once('message', resolve))));
  const outlet = openOutlet(messagePortWire(joints[0]?.from as MessagePort));
  const inlet = openInlet(messagePortWire(joints.at(-1)?.to as MessagePort));
  const bytes = encodeTensors(sample);
  let asked = 0;
  const answer = async (): Promise<void> => {
    const id = String(asked++);
    void outlet.send(id, bytes.slice());
    (await inlet.receive(id))?.take();
  };
  for (let i = 0; i < 3; i++) await answer();
  const meanMs = async (streams: number, count: number): Promise<number> => {
    const begunMs = performance.now();
    let left = count;
    await Promise.all(
      Array.from({ length: streams }, async () => {
        while (left-- > 0) await answer();
      }),
    );
    return (performance.now() - begunMs) / count;
  };
  const oneMs = await meanMs(1, runs);
  const manyPerS = 1000 / (await meanMs(inFlight, 2 * runs));
  for (const { close } of joints) close();
  await Promise.all(workers.map((worker) => worker.terminate()));
  await rm(folder, { recursive: true });
  return { oneMs, manyPerS };
};

interface Joint {
  readonly from: MessagePort;
  readonly to: MessagePort;
  close(): void;
}

/** Two ends of a link: one channel, or two of them bridged over a stream through this process's loopback. */
const joint = async (carrier: Carrier): Promise<Joint> => {
  const near = new MessageChannel();
  if (carrier === 'threads') return { from: near.port1, to: near.port2, close: () => near.port1.close() };
  const far = new MessageChannel();
  const server = await serveLinks({
    host: '127.0.0.1',
    token: 'bench',
    onLink: (_, wire) => bridge(wire, messagePortWire(far.port1)),
  });
  bridge(messagePortWire(near.port2), dialLink({ address: server.address, token: 'bench', link: 'bench' }));
  return { from: near.port1, to: far.port2, close: () => server.close() };
};
