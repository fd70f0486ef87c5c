import { BadInputError } from '../../shared/errors.ts';
import { addStacks, newApp } from './build-app.ts';
import { readConfig } from './read-config.ts';

/** `npx cdk deploy --all -c config=FILE`; any other command of `cdk` runs it too, `cdk bootstrap` included. */
const main = (): void => {
  const app = newApp();
  const path: unknown = app.node.tryGetContext('config');
  if (typeof path !== 'string' || path === '') {
    throw new BadInputError('no-config', 'no configuration: expected -c config=FILE', {
      next: 'copy infra/aws/config.example.json, fill it in and say its path',
    });
  }
  addStacks(app, readConfig(path));
};

try {
  main();
} catch (error) {
  if (!(error instanceof BadInputError)) throw error;
  process.stderr.write(`${error.message}\n${error.next === undefined ? '' : `${error.next}\n`}`);
  process.exit(1);
}
