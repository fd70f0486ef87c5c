import { type MessagePort, parentPort, workerData } from 'node:worker_threads';
import { decodeTensors, encodeTensors } from '../../../shared/model/tensors.ts';
import { openInlet } from '../../../workers/inference/links/inlet.ts';
import { messagePortWire } from '../../../workers/inference/links/message-port-wire.ts';
import { openOutlet } from '../../../workers/inference/links/outlet.ts';
import { onnxEngine } from '../../../workers/inference/onnx-engine.ts';
import { defaultRuntime } from '../../../workers/inference/runtime.ts';

/** One stage and its two links, without rows, receipts and blobs: what handing over alone costs. */

const { path, input, output }: { path: string; input: MessagePort; output: MessagePort } = workerData;
const session = await onnxEngine.load(path, defaultRuntime());
const inlet = openInlet(messagePortWire(input));
const outlet = openOutlet(messagePortWire(output));
parentPort?.postMessage('ready');
for (let run = 0; ; run++) {
  const arrival = await inlet.receive(String(run));
  if (!arrival) break;
  const outputs = await session.run(decodeTensors(arrival.take()));
  void outlet.send(String(run), encodeTensors(outputs));
}
