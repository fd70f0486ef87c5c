import {
  EventBridgeClient,
  ListRulesCommand,
  ListTargetsByRuleCommand,
  TestEventPatternCommand,
} from '@aws-sdk/client-eventbridge';
import { InvokeCommand, LambdaClient } from '@aws-sdk/client-lambda';
import type { BatchEvent } from './events.ts';

/**
 * What EventBridge does with an event of AWS Batch, which emulators do not make: matches it against the rules of the default bus and
 * invokes their Lambda targets, not waiting for an answer.
 */
export const eventBridgeDelivery = (endpoint: string): ((event: BatchEvent) => Promise<void>) => {
  const settings = { endpoint, region: 'us-east-1', credentials: { accessKeyId: 'test', secretAccessKey: 'test' } };
  const bridge = new EventBridgeClient(settings);
  const lambda = new LambdaClient(settings);

  const rulesFor = async (text: string): Promise<string[]> => {
    const names: string[] = [];
    let NextToken: string | undefined;
    do {
      const page = await bridge.send(new ListRulesCommand({ ...(NextToken && { NextToken }) }));
      for (const { Name, EventPattern, State } of page.Rules ?? []) {
        if (Name === undefined || EventPattern === undefined || State === 'DISABLED') continue;
        const tested = await bridge.send(new TestEventPatternCommand({ EventPattern, Event: text }));
        if (tested.Result) names.push(Name);
      }
      NextToken = page.NextToken;
    } while (NextToken);
    return names;
  };

  return async (event) => {
    const text = JSON.stringify(event);
    for (const Rule of await rulesFor(text)) {
      const { Targets = [] } = await bridge.send(new ListTargetsByRuleCommand({ Rule }));
      for (const { Arn } of Targets) {
        if (!Arn?.startsWith('arn:aws:lambda:')) continue;
        await lambda.send(new InvokeCommand({ FunctionName: Arn, InvocationType: 'Event', Payload: text }));
      }
    }
  };
};
