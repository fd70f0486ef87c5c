import { CfnOutput, RemovalPolicy, Stack } from 'aws-cdk-lib';
import { AutoScalingGroup } from 'aws-cdk-lib/aws-autoscaling';
import {
  BlockDeviceVolume,
  EbsDeviceVolumeType,
  InstanceType,
  type IVpc,
  LaunchTemplate,
  LaunchTemplateHttpTokens,
  MachineImage,
  SecurityGroup,
  SubnetType,
  UserData,
} from 'aws-cdk-lib/aws-ec2';
import { AnyPrincipal, Effect, PolicyStatement, Role, ServicePrincipal } from 'aws-cdk-lib/aws-iam';
import { Key } from 'aws-cdk-lib/aws-kms';
import type { Construct } from 'constructs';
import type { CloudConfig } from './config.ts';
import { pinLogicalId } from './constructs/pin-logical-id.ts';
import { publicNetwork } from './constructs/public-network.ts';

type EnclaveConfig = NonNullable<CloudConfig['enclave']>;

/** What the allocator takes from the machine; the rest stays with the parent. */
const ENCLAVE_MEMORY_MIB = 4_096;
const ENCLAVE_CPUS = 2;
const DISK_GIB = 20;

/** KMS operations that an attestation can be asked for. Signing is none of them, so a lane's key cannot be bound to an enclave. */
const ATTESTED = ['kms:Decrypt', 'kms:DeriveSharedSecret', 'kms:GenerateDataKey', 'kms:GenerateDataKeyPair'];

/**
 * Hosts with Nitro Enclaves: none run until someone raises the group's desired capacity. The image is built before (its
 * measurements stand in the configuration), never on the host.
 */
export class ComputeEnclaveStack extends Stack {
  constructor(scope: Construct, config: CloudConfig, enclave: EnclaveConfig) {
    super(scope, `${config.name}-compute-enclave`, { description: `Quorate ${config.name}: hosts of enclaves` });
    const role = new Role(this, 'host-role', { assumedBy: new ServicePrincipal('ec2.amazonaws.com') });
    role.addToPolicy(
      new PolicyStatement({
        actions: ['s3:GetObject'],
        resources: [`arn:${this.partition}:s3:::${pathOf(enclave.eifUri)}`],
      }),
    );
    const key = this.#key(config, enclave, role);
    const group = this.#group(enclave, role);
    new CfnOutput(this, 'EnclaveKeyArn', { value: key.keyArn });
    new CfnOutput(this, 'HostGroup', { value: group.autoScalingGroupName });
  }

  /** Opens only to the enclave of the configured measurement: a denial, so that no role's own policy can allow more. */
  #key(config: CloudConfig, enclave: EnclaveConfig, role: Role): Key {
    const key = new Key(this, 'EnclaveKey', {
      description: `Quorate ${config.name}: opens to the attested enclave only`,
      enableKeyRotation: true,
      removalPolicy: RemovalPolicy.RETAIN,
    });
    pinLogicalId(key, 'EnclaveKey');
    key.addToResourcePolicy(
      new PolicyStatement({
        sid: 'NotWithoutAttestation',
        effect: Effect.DENY,
        principals: [new AnyPrincipal()],
        actions: ATTESTED,
        resources: ['*'],
        conditions: { StringNotEqualsIgnoreCase: { 'kms:RecipientAttestation:ImageSha384': enclave.pcr0 } },
      }),
    );
    role.addToPolicy(
      new PolicyStatement({
        actions: ATTESTED,
        resources: [key.keyArn],
        conditions: { StringEqualsIgnoreCase: { 'kms:RecipientAttestation:ImageSha384': enclave.pcr0 } },
      }),
    );
    return key;
  }

  #group(enclave: EnclaveConfig, role: Role): AutoScalingGroup {
    const vpc: IVpc = publicNetwork(this);
    const launchTemplate = new LaunchTemplate(this, 'host', {
      instanceType: new InstanceType(enclave.instanceType),
      machineImage: MachineImage.latestAmazonLinux2023(),
      nitroEnclaveEnabled: true,
      httpTokens: LaunchTemplateHttpTokens.REQUIRED,
      httpPutResponseHopLimit: 1,
      role,
      securityGroup: new SecurityGroup(this, 'nothing-in', {
        vpc,
        description: 'Hosts call out; nobody calls them',
        allowAllOutbound: true,
      }),
      associatePublicIpAddress: true,
      detailedMonitoring: false,
      blockDevices: [
        {
          deviceName: '/dev/xvda',
          volume: BlockDeviceVolume.ebs(DISK_GIB, { encrypted: true, volumeType: EbsDeviceVolumeType.GP3 }),
        },
      ],
      userData: hostUserData(enclave),
    });
    return new AutoScalingGroup(this, 'hosts', {
      vpc,
      vpcSubnets: { subnetType: SubnetType.PUBLIC },
      launchTemplate,
      minCapacity: 0,
      maxCapacity: enclave.maxInstances,
    });
  }
}

/** Runs at each host's first boot: allocator first, then the image, refused unless its measurement is the configured one. */
const hostUserData = ({ eifUri, pcr0 }: EnclaveConfig): UserData => {
  const userData = UserData.forLinux();
  userData.addCommands(
    'set -euo pipefail',
    'dnf install -y aws-nitro-enclaves-cli jq',
    'cat > /etc/nitro_enclaves/allocator.yaml <<EOF',
    '---',
    `memory_mib: ${ENCLAVE_MEMORY_MIB}`,
    `cpu_count: ${ENCLAVE_CPUS}`,
    'EOF',
    'systemctl enable --now nitro-enclaves-allocator.service',
    `aws s3 cp '${eifUri}' /opt/enclave.eif`,
    'measured=$(nitro-cli describe-eif --eif-path /opt/enclave.eif | jq -r .Measurements.PCR0)',
    `test "$measured" = '${pcr0}' || { echo "the image is another: PCR0 $measured" >&2; exit 1; }`,
    `nitro-cli run-enclave --eif-path /opt/enclave.eif --memory ${ENCLAVE_MEMORY_MIB} --cpu-count ${ENCLAVE_CPUS}`,
  );
  return userData;
};

/** `s3://bucket/key` as an ARN's resource. */
const pathOf = (uri: string): string => uri.slice('s3://'.length);
