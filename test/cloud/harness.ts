import { freePorts } from '../../infra/chain/wasmd/ports.ts';
import { systemClock } from '../../shared/adapters/system/clock.ts';
import { type BatchSimulator, startBatchSimulator } from './batch-server/batch-simulator.ts';
import { eventBridgeDelivery } from './batch-server/event-bridge.ts';
import { startTestChain, type TestChain } from './chain.ts';
import { type CloudDeployment, type DeploymentOptions, deploy } from './deployment.ts';
import { type Emulator, startMinistack } from './emulators.ts';
import { type CountingProxy, startCountingProxy } from './proxy/counting-proxy.ts';
import { workerProgram } from './worker-program.ts';

/**
 * The SDK calls SQS at the address that a queue's URL has, whatever AWS_ENDPOINT_URL says; and the emulator writes `localhost` and its own port
 * there. So it listens on another address of loopback, and the proxy on the same port of 127.0.0.1. (macOS has this address only after
 * `sudo ifconfig lo0 alias 127.0.0.2`.)
 */
const BEHIND = '127.0.0.2';

/** AWS on loopback, emulated and simulated, and a real chain. */
export interface Cloud {
  readonly emulator: Emulator;
  readonly batch: BatchSimulator;
  /** Between functions, workers and their AWS. */
  readonly proxy: CountingProxy;
  readonly chain: TestChain;
  deploy(options: DeploymentOptions): Promise<CloudDeployment>;
  stop(): Promise<void>;
}

export interface CloudOptions {
  /** Workers at once: two cores bear no more. */
  readonly maxVcpus?: number;
  readonly startChain?: () => Promise<TestChain>;
  /** Limit of the emulated account: each takes 130 MB. */
  readonly functionsAtOnce?: number;
}

export const startCloud = async ({
  maxVcpus = 2,
  startChain = startTestChain,
  functionsAtOnce = 12,
}: CloudOptions = {}): Promise<Cloud> => {
  const [port = 0] = await freePorts(1);
  const proxy = await startCountingProxy(() => performance.now(), port);
  const [emulator, chain] = await Promise.all([
    startMinistack({
      host: BEHIND,
      port,
      env: {
        AWS_ENDPOINT_URL: proxy.url,
        AWS_EC2_METADATA_DISABLED: 'true',
        LAMBDA_ACCOUNT_CONCURRENCY: String(functionsAtOnce),
      },
    }),
    startChain(),
  ]);
  const batch = await startBatchSimulator({
    program: workerProgram({ ...emulator.env, AWS_ENDPOINT_URL: proxy.url }),
    maxVcpus,
    deliver: eventBridgeDelivery(emulator.endpoint),
  });
  proxy.aim({ emulator: emulator.endpoint, batch: batch.url });
  const deployments: CloudDeployment[] = [];
  return {
    emulator,
    batch,
    proxy,
    chain,
    deploy: async (options) => {
      const deployment = await deploy({ emulator, batch, chain }, options);
      deployments.push(deployment);
      return deployment;
    },
    stop: async () => {
      await batch.close();
      await emulator.stop();
      await chain.close();
      await Promise.all([proxy.close(), ...deployments.map((each) => each.close())]);
    },
  };
};

/** Asks again until the answer is there. @throws when it is not by the deadline, with the last error or answer */
export const until = async <T>(
  what: string,
  probe: () => Promise<T | undefined>,
  timeoutMs = 60_000,
  everyMs = 200,
): Promise<T> => {
  const deadlineMs = systemClock.nowMs() + timeoutMs;
  let last: unknown;
  for (;;) {
    try {
      const found = await probe();
      if (found !== undefined) return found;
    } catch (error) {
      last = error;
    }
    if (systemClock.nowMs() > deadlineMs) throw new Error(`not within ${timeoutMs} ms: ${what}`, { cause: last });
    await systemClock.sleep(everyMs);
  }
};
