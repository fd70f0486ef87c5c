import { type ChildProcess, fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LiveWorker, WorkerEvents, WorkerKind } from './slot.ts';
import { HEARTBEAT_MS, type ProcessMessage, type ProcessReport, type WorkerSettings } from './worker-messages.ts';

const ENTRY = fileURLToPath(new URL('./worker-process.ts', import.meta.url));

/** Silent for 3 s: dead, or as good as dead. */
const MAX_SILENT_BEATS = 6;
/** Until it first says anything: a machine that starts many at once is slow. */
const MAX_STARTING_BEATS = 120;
/** Measured over loopback: 1 MB takes 2.7 ms, copies and both event loops included. */
const GRPC_BYTES_PER_MS = 4e5;
/** All that a worker needs of its host's environment, which may hold secrets. */
const PASSED_ON = ['PATH', 'HOME', 'TMPDIR', 'LD_LIBRARY_PATH', 'TZ'];

export interface ProcessWorker extends LiveWorker {
  /** Undefined when it could not be started. */
  readonly pid: number | undefined;
  tell(message: ProcessMessage): void;
  /** `host:port` at which it takes links; never, if it dies before. */
  readonly address: Promise<string>;
  readonly exit: Promise<unknown>;
}

export interface ProcessOptions {
  /** What the workers of one host show each other. */
  readonly token: string;
  /** Where they listen. Default: this machine only. */
  readonly host?: string;
}

/** Workers in processes of their own, linked over gRPC. */
export const processWorkers = (options: ProcessOptions): WorkerKind<ProcessWorker> => ({
  start: (settings, events) => startProcess(settings, events, options),
  link: linkProcesses,
  bytesPerMs: GRPC_BYTES_PER_MS,
});

const startProcess = (
  settings: WorkerSettings,
  { onReport, onExit }: WorkerEvents,
  { token, host = '127.0.0.1' }: ProcessOptions,
): ProcessWorker => {
  const child = fork(ENTRY, [], {
    execArgv: [],
    env: Object.fromEntries(PASSED_ON.map((name) => [name, process.env[name]])),
    // Buffers cross as they are.
    serialization: 'advanced',
  });
  const listening = Promise.withResolvers<string>();
  const beats = watchBeats(child);
  let reason: string | undefined;

  child.on('message', (report: ProcessReport) => {
    beats.heard();
    if (report.kind === 'listening') listening.resolve(report.address);
    else if (report.kind === 'dying') reason = report.reason;
    else if (report.kind !== 'alive') onReport(report);
  });
  child.on('error', (error) => {
    reason ??= error.message;
  });
  const exit = ended(child).then((how) => {
    beats.stop();
    onExit(reason ?? beats.reason() ?? how);
  });

  const tell = (message: ProcessMessage): void => {
    // What cannot be sent any more was sent to nobody: the exit tells the rest.
    if (child.connected) child.send(message, () => undefined);
  };
  tell({ kind: 'start', settings, host, token });
  return {
    pid: child.pid,
    tell,
    run: tell,
    address: listening.promise,
    exit,
    kill: async () => {
      child.kill('SIGKILL');
      await exit;
    },
  };
};

/** Both the process and its channel: what it had said before is then read to the end. */
const ended = async (child: ChildProcess): Promise<string> => {
  const exited = new Promise<string>((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ? `it was ended by ${signal}` : `it exited with code ${code}`));
    // It could not even be started.
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
  });
  const disconnected = new Promise<void>((resolve) => {
    if (!child.connected) return resolve();
    child.once('disconnect', () => {
      // A worker that its host cannot reach is of no use, alive or not.
      child.kill('SIGKILL');
      resolve();
    });
  });
  await disconnected;
  return await exited;
};

/**
 * Kills a process that is silent for too long. Beats are counted here, not measured: when this process itself stood
 * still, that counts as one.
 */
const watchBeats = (child: ChildProcess) => {
  let silent = 0;
  let most = MAX_STARTING_BEATS;
  const timer = setInterval(() => {
    silent += 1;
    if (silent >= most) child.kill('SIGKILL');
  }, HEARTBEAT_MS);
  timer.unref();
  return {
    heard: () => {
      silent = 0;
      most = MAX_SILENT_BEATS;
    },
    stop: () => clearInterval(timer),
    reason: () => (silent >= most ? `it was silent for ${(silent * HEARTBEAT_MS) / 1000} s and killed` : undefined),
  };
};

const linkProcesses = (link: string, from: ProcessWorker, to: ProcessWorker): void => {
  if (from === to) {
    from.tell({ kind: 'loop', link });
    return;
  }
  to.tell({ kind: 'inlet', link });
  from.tell({ kind: 'outlet', link });
  const dead = Promise.race([from.exit, to.exit]);
  void Promise.race([to.address, dead.then(() => undefined)]).then((address) => {
    if (address !== undefined) from.tell({ kind: 'dial', link, address });
  });
  void dead.then(() => {
    for (const worker of [from, to]) worker.tell({ kind: 'forget', link });
  });
};
