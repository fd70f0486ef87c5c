import { chainContract } from '../contracts/chain.ts';
import { chainFixture } from './chain-port.ts';
import { onDevchain } from './on-devchain.ts';

chainContract('CosmJS on the devchain over HTTP', async () => chainFixture(await onDevchain()));
