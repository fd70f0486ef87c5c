import { onDevchain } from './on-devchain.ts';
import { conformanceSuite } from './suite.ts';

conformanceSuite('devchain', onDevchain);
