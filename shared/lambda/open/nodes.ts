import { SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { openNodeKeys } from '../../adapters/aws/node-keys.ts';
import type { NodeKeys } from '../../ports/signer.ts';
import { vrfProve } from '../../protocol/ecvrf.ts';
import { CLIENT_SETTINGS } from './client-settings.ts';

interface NodeVariables {
  readonly NODE_KEYS_SECRET: string;
  readonly NODES: readonly string[];
}

/** Reads the secret and derives the keys of each node. */
export const openNodes = (env: NodeVariables): Promise<ReadonlyMap<string, NodeKeys>> =>
  openNodeKeys({
    client: new SecretsManagerClient(CLIENT_SETTINGS),
    secretId: env.NODE_KEYS_SECRET,
    addresses: env.NODES,
    ecvrfProve: vrfProve,
  });
