import { KMSClient } from '@aws-sdk/client-kms';
import { openKmsAccount } from '../../adapters/aws/kms-account.ts';
import type { AccountSigner } from '../../ports/signer.ts';
import { CLIENT_SETTINGS } from './client-settings.ts';

interface LaneVariables {
  readonly LANE_KEY: string;
  readonly LANE_ADDRESS: string;
  readonly BECH32_PREFIX: string;
}

/** Reads the public key. @throws {InvariantError} `wrong-account` when its address is not the configured one */
export const openLane = (env: LaneVariables): Promise<AccountSigner> =>
  openKmsAccount({
    client: new KMSClient(CLIENT_SETTINGS),
    keyId: env.LANE_KEY,
    bech32Prefix: env.BECH32_PREFIX,
    address: env.LANE_ADDRESS,
  });
