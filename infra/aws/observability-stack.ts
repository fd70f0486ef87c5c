import { Duration, Stack } from 'aws-cdk-lib';
import { CfnBudget } from 'aws-cdk-lib/aws-budgets';
import { Dashboard, GraphWidget, Stats, TextWidget } from 'aws-cdk-lib/aws-cloudwatch';
import { Topic } from 'aws-cdk-lib/aws-sns';
import { EmailSubscription } from 'aws-cdk-lib/aws-sns-subscriptions';
import type { Queue } from 'aws-cdk-lib/aws-sqs';
import type { Construct } from 'constructs';
import type { CloudConfig } from './config.ts';
import { Alarms } from './constructs/alarms.ts';
import type { ControlStack } from './control-stack.ts';
import { dashboardRows } from './dashboard.ts';
import { type OwnMetrics, ownMetrics } from './own-metrics.ts';

const MINUTE = Duration.minutes(1);
const FIVE_MINUTES = Duration.minutes(5);

/** Gas for about a day of a busy deployment; below it somebody must fund the lane. */
const LOW_BALANCE = 1_000_000;

/** Alarms, each for a promise and with a runbook; the dashboard; the budget. At most ten alarms are free, each further one is 0.10 $. */
export class ObservabilityStack extends Stack {
  readonly alarms: Alarms;

  constructor(scope: Construct, config: CloudConfig, control: ControlStack) {
    super(scope, `${config.name}-observability`, { description: `Quorate ${config.name}: alarms, dashboard, budget` });
    const topic = new Topic(this, 'topic', { topicName: `${config.name}-alarms`, enforceSSL: true });
    topic.addSubscription(new EmailSubscription(config.alarms.email));
    this.alarms = new Alarms(this, config.name, topic);
    const own = ownMetrics(config.name);
    this.#chain(own);
    this.#queues(control);
    this.#work(own, config);
    this.#edges(own, control);
    const dashboard = new Dashboard(this, 'dashboard', { dashboardName: config.name });
    for (const { promise, metrics } of dashboardRows(own, control)) {
      dashboard.addWidgets(
        new TextWidget({ markdown: promise, width: 6, height: 5 }),
        new GraphWidget({ left: [...metrics], width: 18, height: 5 }),
      );
    }
    // The emulator refuses this type.
    if (!config.emulated) this.#budget(config);
  }

  #chain(own: OwnMetrics): void {
    this.alarms.add('chain-lag', {
      metric: own('ChainLagBlocks', Stats.MAXIMUM, MINUTE),
      above: 50,
      periods: 3,
      promise: 'P1',
      says: 'the watcher is more than 50 blocks behind the chain',
      runbook: 'chain-lag',
    });
    this.alarms.add('checkpoint-still', {
      metric: own('CheckpointAgeSeconds', Stats.MAXIMUM, FIVE_MINUTES),
      above: 300,
      silenceIsBad: true,
      promise: 'P1',
      says: 'the watcher has stored no block for five minutes, or does not run',
      runbook: 'checkpoint-still',
    });
    this.alarms.add('anomalies', {
      metric: own('Anomalies', Stats.SUM, FIVE_MINUTES),
      above: 0,
      promise: 'P2',
      says: 'an RPC said what was not so, or the contract did what it must not',
      runbook: 'anomalies',
    });
    this.alarms.add('signer-balance', {
      metric: own('SignerBalanceUnes', Stats.MINIMUM, FIVE_MINUTES),
      below: LOW_BALANCE,
      promise: 'P10',
      says: 'the lane is about to run out of gas',
      runbook: 'signer-balance',
    });
    this.alarms.add('transaction-failures', {
      metric: own('TransactionFailures', Stats.SUM, FIVE_MINUTES),
      above: 3,
      promise: 'P9, P10',
      says: 'transactions of the lane ended without effect',
      runbook: 'transaction-failures',
    });
  }

  #queues(control: ControlStack): void {
    for (const { name, queue, dead, alarms } of Object.values(control.queues)) {
      if (alarms === 'none') continue;
      this.alarms.add(`oldest-${name}`, {
        metric: queue.metricApproximateAgeOfOldestMessage({ period: MINUTE }),
        above: alarms.oldestSeconds,
        periods: 3,
        promise: 'P6',
        says: `a message waits in ${name} for more than ${alarms.oldestSeconds} s`,
        runbook: 'oldest-message',
      });
      this.#dead(name, dead);
    }
    this.#dead('relay-outbox', control.undelivered.stream);
    this.#dead('track-job', control.undelivered.jobEvents);
  }

  #dead(name: string, queue: Queue): void {
    this.alarms.add(`dead-${name}`, {
      metric: queue.metricApproximateNumberOfMessagesVisible({ period: FIVE_MINUTES, statistic: Stats.MAXIMUM }),
      above: 0,
      promise: 'P7',
      says: `${name} gave up on something`,
      runbook: 'dead-letters',
    });
  }

  #work(own: OwnMetrics, config: CloudConfig): void {
    this.alarms.add('runnable-age', {
      metric: own('RunnableAgeSeconds', Stats.MAXIMUM, FIVE_MINUTES),
      above: 900,
      promise: 'P6',
      says: 'a Batch job has waited for a machine for more than 15 minutes',
      runbook: 'runnable-age',
    });
    this.alarms.add('queue-blocked', {
      metric: own('QueueBlocked', Stats.SUM, FIVE_MINUTES),
      above: 0,
      promise: 'P6',
      says: 'Batch says that its queue is blocked',
      runbook: 'queue-blocked',
    });
    if (!config.enclave) return;
    this.alarms.add('attestation-refusals', {
      metric: own('AttestationRefusals', Stats.SUM, FIVE_MINUTES),
      above: 0,
      promise: 'P12',
      says: "an enclave's attestation was refused",
      runbook: 'attestation-refusals',
    });
  }

  #edges(own: OwnMetrics, control: ControlStack): void {
    const { functions } = control;
    this.alarms.add('outbox-age', {
      metric: own('OutboxAgeSeconds', Stats.MAXIMUM, MINUTE),
      above: 60,
      periods: 3,
      promise: 'P1, P10',
      says: 'a committed effect has waited for its queue for more than a minute',
      runbook: 'outbox-age',
    });
    this.alarms.add('stream-age', {
      metric: functions['relay-outbox'].metric('IteratorAge', { statistic: Stats.MAXIMUM, period: MINUTE }),
      above: 60_000,
      periods: 3,
      promise: 'P1',
      says: "the table's stream is read more than a minute late",
      runbook: 'stream-age',
    });
    this.alarms.add('webhook-failures', {
      metric: own('WebhookFailures', Stats.SUM, Duration.minutes(15)),
      above: 20,
      promise: 'P11',
      says: 'receivers of webhooks refuse or do not answer',
      runbook: 'webhook-failures',
    });
    // Functions behind queues are watched there. These three have nothing behind them that would wait.
    for (const name of ['watch-chain', 'reconcile', 'api'] as const) {
      this.alarms.add(`errors-${name}`, {
        metric: functions[name].metricErrors({ period: FIVE_MINUTES }),
        above: 2,
        promise: name === 'api' ? 'P8' : 'P6',
        says: `${name} failed more than twice in five minutes`,
        runbook: 'function-errors',
      });
    }
  }

  #budget({ name, budget, alarms }: CloudConfig): void {
    const notify = (threshold: number) => ({
      notification: {
        notificationType: 'ACTUAL',
        comparisonOperator: 'GREATER_THAN',
        threshold,
        thresholdType: 'PERCENTAGE',
      },
      subscribers: [{ subscriptionType: 'EMAIL', address: alarms.email }],
    });
    new CfnBudget(this, 'budget', {
      budget: {
        budgetName: name,
        budgetType: 'COST',
        timeUnit: 'MONTHLY',
        budgetLimit: { amount: budget.usdPerMonth, unit: 'USD' },
      },
      notificationsWithSubscribers: [notify(80), notify(100)],
    });
  }
}
