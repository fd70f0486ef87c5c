import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type App, Validations } from 'aws-cdk-lib';
import { AwsSolutionsChecks } from 'cdk-nag';
import { expect, it } from 'vitest';
import { ACKNOWLEDGED } from './acknowledged.ts';
import { appOf, FULL } from './testdata/synth.ts';

interface Finding {
  readonly id: string;
  readonly at: string;
}

/** What cdk-nag finds in an app; a synthesis with findings throws, and leaves its report. */
const findings = (app: App): readonly Finding[] => {
  Validations.of(app).addPlugins(new AwsSolutionsChecks(app));
  try {
    app.synth();
    return [];
  } catch (error) {
    const path = join(app.outdir, 'validation-report.json');
    const report: Report = JSON.parse(readFileSync(path, 'utf8'));
    const found = report.pluginReports.flatMap(({ violations }) =>
      violations.flatMap(({ ruleName, violatingConstructs }) =>
        violatingConstructs.map(({ constructPath }) => ({
          id: ruleName,
          at: constructPath.slice(FULL.name.length + 1),
        })),
      ),
    );
    if (found.length === 0) throw error;
    return found;
  }
};

interface Report {
  readonly pluginReports: readonly {
    readonly violations: readonly {
      readonly ruleName: string;
      readonly violatingConstructs: readonly { readonly constructPath: string }[];
    }[];
  }[];
}

it('cdk-nag finds only what is acknowledged, and every acknowledgement is still needed', () => {
  const found = findings(appOf(FULL));
  const isMeant = ({ id, at }: Finding) => ACKNOWLEDGED.some((each) => each.id.test(id) && each.at.test(at));
  expect(found.filter((finding) => !isMeant(finding))).toEqual([]);
  const unneeded = ACKNOWLEDGED.filter((each) => !found.some(({ id, at }) => each.id.test(id) && each.at.test(at)));
  expect(unneeded).toEqual([]);
});
