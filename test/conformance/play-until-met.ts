import type { ChainUnderTest } from './chain-under-test.ts';
import { MissedBlock, playQuorate } from './quorate-script.ts';
import type { Transcript } from './transcript.ts';

const PLAYS = 5;

/** Plays a query until one met every block it was meant for; more than one is needed only on a machine that stalls. */
export const playUntilMet = async (chain: ChainUnderTest, codeId: number): Promise<Transcript> => {
  for (let play = 1; ; play++) {
    try {
      return await playQuorate(chain, codeId);
    } catch (error) {
      if (!(error instanceof MissedBlock) || play === PLAYS) throw error;
    }
  }
};
