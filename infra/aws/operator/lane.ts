import { BadInputError } from '../../../shared/errors.ts';
import type { Operation } from './operation.ts';

/** Address of the lane, from its key. @throws {BadInputError} `other-lane` when the configuration names another */
export const laneAddress = async ({ config, lane }: Operation): Promise<string> => {
  const { address } = await lane();
  if (config.lane === undefined || config.lane.address === address) return address;
  throw new BadInputError(
    'other-lane',
    `the configuration names lane ${config.lane.address}, the deployment's key is of ${address}`,
    { next: 'Correct lane.address, or point AWS_PROFILE and AWS_REGION at the deployment that is meant.' },
  );
};
