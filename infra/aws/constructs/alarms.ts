import { Alarm, ComparisonOperator, type IMetric, TreatMissingData } from 'aws-cdk-lib/aws-cloudwatch';
import { SnsAction } from 'aws-cdk-lib/aws-cloudwatch-actions';
import type { ITopic } from 'aws-cdk-lib/aws-sns';
import { Construct } from 'constructs';

/** Where runbooks lie; an alarm's description says which is its own. */
export const RUNBOOKS = 'docs/runbooks';

export interface AlarmProps {
  readonly metric: IMetric;
  /** What is promised and at risk: 'P1', 'P7' ... */
  readonly promise: string;
  /** What is wrong when it rings, one sentence without a full stop. */
  readonly says: string;
  /** Page of that name under docs/runbooks, without its ending. */
  readonly runbook: string;
  readonly above?: number;
  readonly below?: number;
  /** Periods in a row. */
  readonly periods?: number;
  /** No data is as bad as bad data. */
  readonly silenceIsBad?: true;
}

/** Alarms of a deployment, `<deployment>-<name>`, all to one topic. An alarm's name is its identity: CloudWatch overwrites by name. */
export class Alarms extends Construct {
  readonly all: Alarm[] = [];
  readonly #deployment: string;
  readonly #topic: ITopic;

  constructor(scope: Construct, deployment: string, topic: ITopic) {
    super(scope, 'alarms');
    this.#deployment = deployment;
    this.#topic = topic;
  }

  add(name: string, props: AlarmProps): Alarm {
    const { metric, promise, says, runbook, above, below, periods = 1, silenceIsBad } = props;
    const threshold = above ?? below;
    if (threshold === undefined || (above !== undefined && below !== undefined)) {
      throw new Error(`alarm ${name} needs either above or below`);
    }
    const alarm = new Alarm(this, name, {
      alarmName: `${this.#deployment}-${name}`,
      alarmDescription: `${promise}: ${says}. Runbook: ${RUNBOOKS}/${runbook}.md`,
      metric,
      threshold,
      comparisonOperator:
        below === undefined ? ComparisonOperator.GREATER_THAN_THRESHOLD : ComparisonOperator.LESS_THAN_THRESHOLD,
      evaluationPeriods: periods,
      treatMissingData: silenceIsBad ? TreatMissingData.BREACHING : TreatMissingData.NOT_BREACHING,
    });
    const action = new SnsAction(this.#topic);
    alarm.addAlarmAction(action);
    alarm.addOkAction(action);
    this.all.push(alarm);
    return alarm;
  }
}
