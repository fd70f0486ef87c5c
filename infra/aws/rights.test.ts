import { expect, it } from 'vitest';
import { rightsTable } from './testdata/rights.ts';
import { FULL, resourcesOf } from './testdata/synth.ts';

/** A new line is a new right: it is read in the diff, and `u` is not pressed without a reason. */
it('what every role may do is this, and nothing else', () => {
  expect(rightsTable(resourcesOf(FULL))).toMatchInlineSnapshot(`
    "compute-batch/executionrole: logs:CreateLogStream, logs:PutLogEvents on workerlogs.Arn
    compute-batch/instancerole: managed arn:<Partition>:iam::aws:policy/service-role/AmazonEC2ContainerServiceforEC2Role
    compute-batch/jobrole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    compute-batch/jobrole: dynamodb:Query on data:TableArn/index/due
    compute-batch/jobrole: s3:GetObject, s3:PutObject on data:BlobsArn/*
    compute-batch/jobrole: s3:ListBucket on data:BlobsArn
    compute-batch/jobrole: secretsmanager:GetSecretValue on data:NodeKeys
    compute-batch/jobrole: sqs:ChangeMessageVisibility, sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:ReceiveMessage on control:queuestagejobsqueueArn
    compute-enclave/hostrole: kms:Decrypt, kms:DeriveSharedSecret, kms:GenerateDataKey, kms:GenerateDataKeyPair on EnclaveKey.Arn if {"StringEqualsIgnoreCase":{"kms:RecipientAttestation:ImageSha384":"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"}}
    compute-enclave/hostrole: s3:GetObject on arn:<Partition>:s3:::images/enclave.eif
    control/SchedulerRoleForTarget3ca447: lambda:InvokeFunction on watchchain.Arn, watchchain.Arn:*
    control/SchedulerRoleForTarget67733e: lambda:InvokeFunction on reconcile.Arn, reconcile.Arn:*
    control/advancerunrole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    control/advancerunrole: dynamodb:Query on data:TableArn/index/due
    control/advancerunrole: logs:CreateLogStream, logs:PutLogEvents on advancerunlogs.Arn
    control/advancerunrole: s3:GetObject, s3:PutObject on data:BlobsArn/*
    control/advancerunrole: s3:ListBucket on data:BlobsArn
    control/advancerunrole: secretsmanager:GetSecretValue on data:NodeKeys
    control/advancerunrole: sqs:ChangeMessageVisibility, sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:ReceiveMessage on queueadvancerunqueue.Arn
    control/advancerunrole: xray:PutTelemetryRecords, xray:PutTraceSegments on *
    control/apirole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    control/apirole: dynamodb:Query on data:TableArn/index/due
    control/apirole: logs:CreateLogStream, logs:PutLogEvents on apilogs.Arn
    control/apirole: s3:GetObject, s3:PutObject on data:BlobsArn/*
    control/apirole: s3:ListBucket on data:BlobsArn
    control/apirole: sqs:GetQueueAttributes, sqs:GetQueueUrl on queueadvancerundead.Arn, queueadvancerunqueue.Arn, queuedeliverwebhookdead.Arn, queuedeliverwebhookqueue.Arn, queuesendtransactiondead.Arn, queuesendtransactionqueue.Arn, queuestagejobsdead.Arn, queuestagejobsqueue.Arn, queuestartjobdead.Arn, queuestartjobqueue.Arn
    control/apirole: xray:PutTelemetryRecords, xray:PutTraceSegments on *
    control/deliverwebhookrole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    control/deliverwebhookrole: dynamodb:Query on data:TableArn/index/due
    control/deliverwebhookrole: logs:CreateLogStream, logs:PutLogEvents on deliverwebhooklogs.Arn
    control/deliverwebhookrole: sqs:ChangeMessageVisibility, sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:ReceiveMessage on queuedeliverwebhookqueue.Arn
    control/deliverwebhookrole: xray:PutTelemetryRecords, xray:PutTraceSegments on *
    control/reconcilerole: batch:DescribeJobs, xray:PutTelemetryRecords, xray:PutTraceSegments on *
    control/reconcilerole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    control/reconcilerole: dynamodb:Query on data:TableArn/index/due
    control/reconcilerole: logs:CreateLogStream, logs:PutLogEvents on reconcilelogs.Arn
    control/reconcilerole: sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:SendMessage on queueadvancerunqueue.Arn, queuedeliverwebhookqueue.Arn, queuesendtransactionqueue.Arn, queuestartjobqueue.Arn
    control/relayoutboxrole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    control/relayoutboxrole: dynamodb:DescribeStream, dynamodb:GetRecords, dynamodb:GetShardIterator on data:TableStreamArn
    control/relayoutboxrole: dynamodb:ListStreams, xray:PutTelemetryRecords, xray:PutTraceSegments on *
    control/relayoutboxrole: dynamodb:Query on data:TableArn/index/due
    control/relayoutboxrole: logs:CreateLogStream, logs:PutLogEvents on relayoutboxlogs.Arn
    control/relayoutboxrole: sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:SendMessage on queueadvancerunqueue.Arn, queuedeliverwebhookqueue.Arn, queuesendtransactionqueue.Arn, queuestartjobqueue.Arn, undeliveredstreamdead.Arn
    control/sendtransactionrole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    control/sendtransactionrole: dynamodb:Query on data:TableArn/index/due
    control/sendtransactionrole: kms:GetPublicKey on data:LaneKeyArn
    control/sendtransactionrole: kms:Sign on data:LaneKeyArn if {"StringEquals":{"kms:SigningAlgorithm":"ECDSA_SHA_256","kms:MessageType":"DIGEST"}}
    control/sendtransactionrole: logs:CreateLogStream, logs:PutLogEvents on sendtransactionlogs.Arn
    control/sendtransactionrole: sqs:ChangeMessageVisibility, sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:ReceiveMessage on queuesendtransactionqueue.Arn
    control/sendtransactionrole: xray:PutTelemetryRecords, xray:PutTraceSegments on *
    control/startjobrole: batch:ListJobs, xray:PutTelemetryRecords, xray:PutTraceSegments on *
    control/startjobrole: batch:SubmitJob on arn:<Partition>:batch:<Region>:<AccountId>:job-definition/quorate-test-inference, arn:<Partition>:batch:<Region>:<AccountId>:job-definition/quorate-test-inference-gpu, arn:<Partition>:batch:<Region>:<AccountId>:job-definition/quorate-test-inference-gpu:*, arn:<Partition>:batch:<Region>:<AccountId>:job-definition/quorate-test-inference:*, arn:<Partition>:batch:<Region>:<AccountId>:job-queue/quorate-test-jobs, arn:<Partition>:batch:<Region>:<AccountId>:job-queue/quorate-test-jobs-gpu
    control/startjobrole: batch:TagResource on arn:<Partition>:batch:<Region>:<AccountId>:job/*
    control/startjobrole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    control/startjobrole: dynamodb:Query on data:TableArn/index/due
    control/startjobrole: logs:CreateLogStream, logs:PutLogEvents on startjoblogs.Arn
    control/startjobrole: s3:GetObject, s3:PutObject on data:BlobsArn/*
    control/startjobrole: s3:ListBucket on data:BlobsArn
    control/startjobrole: sqs:ChangeMessageVisibility, sqs:DeleteMessage, sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:ReceiveMessage on queuestartjobqueue.Arn
    control/startjobrole: sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:SendMessage on queuestagejobsqueue.Arn
    control/trackjobrole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    control/trackjobrole: dynamodb:Query on data:TableArn/index/due
    control/trackjobrole: logs:CreateLogStream, logs:PutLogEvents on trackjoblogs.Arn
    control/trackjobrole: sqs:GetQueueAttributes, sqs:GetQueueUrl, sqs:SendMessage on undeliveredjobeventsdead.Arn
    control/trackjobrole: xray:PutTelemetryRecords, xray:PutTraceSegments on *
    control/watchchainrole: dynamodb:BatchGetItem, dynamodb:ConditionCheckItem, dynamodb:DeleteItem, dynamodb:GetItem, dynamodb:PutItem, dynamodb:Query, dynamodb:UpdateItem on data:TableArn
    control/watchchainrole: dynamodb:Query on data:TableArn/index/due
    control/watchchainrole: logs:CreateLogStream, logs:PutLogEvents on watchchainlogs.Arn
    control/watchchainrole: xray:PutTelemetryRecords, xray:PutTraceSegments on *"
  `);
});
