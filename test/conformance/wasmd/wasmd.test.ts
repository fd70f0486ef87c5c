import { asChainUnderTest, wasmdNetwork } from '../on-wasmd.ts';
import { conformanceSuite } from '../suite.ts';

conformanceSuite('wasmd', async () => asChainUnderTest(await wasmdNetwork(1)));
