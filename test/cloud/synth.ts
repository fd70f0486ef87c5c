import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DefaultStackSynthesizer, type IReusableStackSynthesizer } from 'aws-cdk-lib';
import { buildApp } from '../../infra/aws/build-app.ts';
import type { CloudConfig } from '../../infra/aws/config.ts';
import { type AssembledStack, type Place, readAssembly } from './deploy/assembly.ts';

/** The only account that the emulator has. */
export const PLACE: Place = { account: '000000000000', region: 'us-east-1' };

/** The stacks as `cdk synth` gives them, made in this process, without the look at whether `cdk bootstrap` has run. */
export const synthStacks = (
  config: CloudConfig,
  what: 'everything' | 'templates only' = 'everything',
): AssembledStack[] => {
  const outdir = mkdtempSync(join(tmpdir(), 'quorate-cdk-'));
  // Its own optional fields do not fit its own interface under exactOptionalPropertyTypes.
  const synthesizer = new DefaultStackSynthesizer({ generateBootstrapVersionRule: false }) as IReusableStackSynthesizer;
  const context = what === 'everything' ? {} : { 'aws:cdk:bundling-stacks': [] };
  buildApp(config, { outdir, context, defaultStackSynthesizer: synthesizer }).synth();
  return readAssembly(outdir, PLACE);
};
