import { chainContract } from '../../contracts/chain.ts';
import { chainFixture } from '../chain-port.ts';
import { asChainUnderTest, wasmdNetwork } from '../on-wasmd.ts';

chainContract('CosmJS on wasmd', async () => chainFixture(asChainUnderTest(await wasmdNetwork(1))));
