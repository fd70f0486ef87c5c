/** A finding of cdk-nag that is so on purpose. */
export interface Acknowledged {
  /** Of the rule; `[...]` names one finding of several. */
  readonly id: RegExp;
  /** Constructs, by their path without the deployment's name. */
  readonly at: RegExp;
  readonly reason: string;
}

export const ACKNOWLEDGED: readonly Acknowledged[] = [
  {
    id: /^AwsSolutions-S1$/,
    at: /^data\/Blobs\//,
    reason: 'blobs are named by their hash and readable by all nodes; who reads one tells nothing, and a log costs',
  },
  {
    id: /^AwsSolutions-SMG4$/,
    at: /^data\/NodeKeys\//,
    reason: "nodes' public keys are on chain: another seed is another registration of every node, so never by itself",
  },
  {
    id: /^AwsSolutions-SQS3$/,
    at: /^control\/undelivered-/,
    reason: 'these are dead letters, of a stream and of a rule, which the rule does not look at',
  },
  {
    id: /^AwsSolutions-IAM5\[Resource::\*\]$/,
    at: /^control\/[a-z-]+-role\//,
    reason: 'X-Ray, batch:ListJobs, batch:DescribeJobs and dynamodb:ListStreams know no resources',
  },
  {
    id: /^AwsSolutions-IAM5\[Resource::.*BlobsArn.*\/\*\]$/,
    at: /^(control\/(advance-run|start-job|api)-role|compute-batch\/job-role)\//,
    reason: "a blob's name is known when its bytes are",
  },
  {
    id: /^AwsSolutions-IAM5\[Resource::.*:job-definition\/[a-z0-9-]+:\*\]$/,
    at: /^control\/start-job-role\//,
    reason: 'revisions of one job definition; jobs are submitted to the newest',
  },
  {
    id: /^AwsSolutions-IAM5\[Resource::.*:job\/\*\]$/,
    at: /^control\/start-job-role\//,
    reason: 'a job is tagged as it is submitted, before it has an id',
  },
  {
    id: /^AwsSolutions-IAM5\[Resource::<[A-Za-z0-9]+\.Arn>:\*\]$/,
    at: /^control\/SchedulerRoleForTarget/,
    reason: 'versions of the one function that the schedule calls',
  },
  {
    id: /^AwsSolutions-APIG4$/,
    at: /^control\/http-route\//,
    reason:
      'reading is public; whoever asks at the deployment’s cost shows a key, which the function checks in constant time',
  },
  {
    id: /^AwsSolutions-VPC7$/,
    at: /^compute-(batch|enclave)\/network\//,
    reason: 'nothing is let in, and flow logs would cost more than all else while nothing happens',
  },
  {
    id: /^AwsSolutions-IAM4\[.*AmazonEC2ContainerServiceforEC2Role\]$/,
    at: /^compute-batch\/instance-role\//,
    reason: 'what the agent of ECS needs is for AWS to say; containers cannot reach this role',
  },
  {
    id: /^AwsSolutions-AS3$/,
    at: /^compute-enclave\/hosts\//,
    reason: 'the group scales by hand only',
  },
];
