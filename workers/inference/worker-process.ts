import { MessageChannel } from 'node:worker_threads';
import { dialLink, serveLinks } from './links/grpc-wire.ts';
import { messagePortWire } from './links/message-port-wire.ts';
import { openRendezvous } from './links/rendezvous.ts';
import type { Wire } from './links/wire.ts';
import { linkThreads, startThread } from './thread-workers.ts';
import {
  HEARTBEAT_MS,
  type LinkEnd,
  type ProcessMessage,
  type ProcessReport,
  type ProcessStart,
} from './worker-messages.ts';

/**
 * Entry of a worker process, forked by process-workers.ts. Its main thread never computes: it answers its host, beats,
 * and carries links to and from the one compute thread.
 */

const report = (message: ProcessReport): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => undefined);
};

const die = (reason: string): void => {
  const message: ProcessReport = { kind: 'dying', reason };
  if (process.connected) process.send?.(message, undefined, undefined, () => process.exit(1));
  else process.exit(1);
};

const begin = ({ settings, host, token }: ProcessStart): void => {
  const links = openRendezvous();
  const compute = startThread(settings, { onReport: report, onExit: (reason) => die(`its compute thread: ${reason}`) });

  /** The far end of a link whose near end the compute thread holds. */
  const open = (end: LinkEnd): Wire => {
    const { port1, port2 } = new MessageChannel();
    compute.open(end, port1);
    return messagePortWire(port2);
  };

  process.on('message', (message: ProcessMessage) => {
    if (message.kind === 'run') compute.run(message);
    else if (message.kind === 'loop') linkThreads(message.link, compute, compute);
    else if (message.kind === 'dial') links.came(message.link, dialLink({ ...message, token }));
    else if (message.kind === 'forget') links.forget(message.link);
    else if (message.kind !== 'start') links.told(message.link, open({ kind: message.kind, link: message.link }));
  });
  serveLinks({ host, token, onLink: links.came }).then(
    ({ address }) => report({ kind: 'listening', address }),
    (error: unknown) => die(String(error)),
  );
  setInterval(() => report({ kind: 'alive' }), HEARTBEAT_MS);
};

// Ctrl-C goes to the whole group of processes: the host drains first, and ends its workers then.
process.on('SIGINT', () => undefined);
// Not `exit`, which would interrupt onnxruntime inside its native code: see thread-workers.ts.
process.once('disconnect', () => process.kill(process.pid, 'SIGKILL'));
process.once('message', (message: ProcessMessage) => {
  if (message.kind === 'start') begin(message);
});
