import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { BatchClient, SubmitJobCommand } from '@aws-sdk/client-batch';
import { DynamoDBClient, GetItemCommand } from '@aws-sdk/client-dynamodb';
import { GetObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { GetSecretValueCommand, SecretsManagerClient } from '@aws-sdk/client-secrets-manager';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { type CountedCall, type CountingProxy, startCountingProxy } from './counting-proxy.ts';

let [behind, seen]: [Server[], string[]] = [[], []];
let proxy: CountingProxy;

const serve = async (name: string): Promise<string> => {
  const server = createServer((request, response) => {
    seen.push(`${name} ${request.method} ${request.url}`);
    request.resume().on('end', () => response.writeHead(200, { 'content-type': 'application/json' }).end('{}'));
  });
  behind.push(server);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
};

beforeEach(async () => {
  [behind, seen] = [[], []];
  proxy = await startCountingProxy(() => performance.now());
  proxy.aim({ emulator: await serve('emulator'), batch: await serve('batch') });
});
afterEach(async () => {
  await proxy.close();
  for (const server of behind) server.close();
});

const config = () => ({
  endpoint: proxy.url,
  region: 'us-east-1',
  credentials: { accessKeyId: 'test', secretAccessKey: 'test' },
  forcePathStyle: true,
  maxAttempts: 1,
});

it('names service and operation of what the SDK sends, and takes Batch to its own server', async () => {
  const calls: CountedCall[] = [];
  proxy.onCall = (call) => void calls.push(call);
  await new DynamoDBClient(config()).send(new GetItemCommand({ TableName: 't', Key: {} }));
  await new S3Client(config()).send(new GetObjectCommand({ Bucket: 'b', Key: 'k' }));
  await new SecretsManagerClient(config()).send(new GetSecretValueCommand({ SecretId: 's' }));
  await new BatchClient(config()).send(new SubmitJobCommand({ jobName: 'n', jobQueue: 'q', jobDefinition: 'd' }));
  expect(calls.map(({ service, operation, status }) => [service, operation, status])).toEqual([
    ['dynamodb', 'GetItem', 200],
    ['s3', 'GetObject', 200],
    ['secretsmanager', 'GetSecretValue', 200],
    ['batch', 'POST /v1/submitjob', 200],
  ]);
  expect(seen.map((line) => line.split(' ')[0])).toEqual(['emulator', 'emulator', 'emulator', 'batch']);
});

it('sends a call twice, or loses its answer, as a fault says', async () => {
  proxy.fault = async (_call, _passing, forward) => {
    await forward();
    return await forward();
  };
  const get = () => new DynamoDBClient(config()).send(new GetItemCommand({ TableName: 't', Key: {} }));
  await get();
  expect(seen).toHaveLength(2);
  proxy.fault = async (_call, _passing, forward) => {
    await forward();
    return undefined;
  };
  await expect(get()).rejects.toThrow();
  expect(seen).toHaveLength(3);
});

it('breaks the connection when nobody is behind', async () => {
  for (const server of behind) server.close();
  await expect(fetch(`${proxy.url}/x`)).rejects.toThrow();
});
