import { App, type AppProps, Tags } from 'aws-cdk-lib';
import flags from 'aws-cdk-lib/recommended-feature-flags.json' with { type: 'json' };
import { ComputeBatchStack } from './compute-batch-stack.ts';
import { ComputeEnclaveStack } from './compute-enclave-stack.ts';
import type { CloudConfig } from './config.ts';
import { ControlStack } from './control-stack.ts';
import { DataStack } from './data-stack.ts';
import { ObservabilityStack } from './observability-stack.ts';

/**
 * Stacks by how long what is in them lives. Without a lane there is nothing to run yet: only the data stack, which makes the lane's
 * key.
 */
export const addStacks = (app: App, config: CloudConfig): void => {
  Tags.of(app).add('quorate:deployment', config.name);
  const data = new DataStack(app, config);
  if (!config.lane) return;
  const control = new ControlStack(app, config, data);
  new ObservabilityStack(app, config, control);
  // The emulator refuses every resource of Batch; its jobs are run by the tests' own server.
  if (!config.emulated) new ComputeBatchStack(app, config, data, control);
  if (config.enclave) new ComputeEnclaveStack(app, config, config.enclave);
};

/** With all of the CDK's recommended behaviours of its locked version, however it is started. */
export const newApp = (props: AppProps = {}): App =>
  new App({ analyticsReporting: false, ...props, context: { ...flags, ...props.context } });

/** For whoever synthesises in process. */
export const buildApp = (config: CloudConfig, props: AppProps = {}): App => {
  const app = newApp(props);
  addStacks(app, config);
  return app;
};
