import { Fn } from 'aws-cdk-lib';
import { type IVpc, SubnetType, Vpc } from 'aws-cdk-lib/aws-ec2';
import type { Construct } from 'constructs';

/** Public subnets only, in two zones: a NAT gateway costs more a month than everything else while nothing happens. */
export const publicNetwork = (scope: Construct): Vpc & IVpc =>
  // Said to be what it is, since the CDK's types are not written for exact optional properties.
  new Vpc(scope, 'network', {
    // Named without a look-up: a template must not depend on who synthesises it.
    availabilityZones: [0, 1].map((at) => Fn.select(at, Fn.getAzs())),
    natGateways: 0,
    subnetConfiguration: [{ name: 'public', subnetType: SubnetType.PUBLIC, cidrMask: 20 }],
    restrictDefaultSecurityGroup: false,
  }) as Vpc & IVpc;
