import type { CfnResource } from 'aws-cdk-lib';
import type { Construct } from 'constructs';

/** Of what holds state: under another logical id CloudFormation would make another, empty resource. */
export const pinLogicalId = (construct: Construct, id: string): void => {
  (construct.node.defaultChild as CfnResource).overrideLogicalId(id);
};
