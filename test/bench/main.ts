import { bundles } from './bundles.ts';
import { chainBytes } from './chain-bytes.ts';
import { cheating } from './cheating.ts';
import { usage } from './cloud/usage.ts';
import { controlPlane } from './control-plane.ts';
import { cost } from './cost.ts';
import { gasOfMessages } from './gas.ts';
import { partitionBench } from './partition/main.ts';
import { pipelineBench } from './pipeline/main.ts';
import { profile } from './profile.ts';
import { route } from './route.ts';
import { verifyTime } from './verify.ts';
import { bigBlock, catchUp } from './watching.ts';

/** `npm run bench -- NAME`: measures, prints a table, judges nothing. */
const BENCHES: Readonly<Record<string, (args: readonly string[]) => Promise<void>>> = {
  'control-plane': controlPlane,
  'chain-bytes': chainBytes,
  gas: gasOfMessages,
  verify: verifyTime,
  cheating,
  'catch-up': catchUp,
  'big-block': bigBlock,
  bundles,
  cost,
  usage,
  profile,
  partition: partitionBench,
  route,
  pipeline: pipelineBench,
};

const [name, ...args] = process.argv.slice(2);
const bench = name === undefined ? undefined : BENCHES[name];
if (!bench) {
  process.stderr.write(`npm run bench -- NAME, with NAME one of: ${Object.keys(BENCHES).join(', ')}\n`);
  process.exit(2);
}
await bench(args);
process.exit(0);
