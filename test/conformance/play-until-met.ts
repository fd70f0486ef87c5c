import { MissedBlock } from './stage.ts';

const PLAYS = 5;

/** Plays until a play met every block it was meant for; more than one is needed only on a machine that stalls. */
export const playUntilMet = async <T>(play: () => Promise<T>): Promise<T> => {
  for (let plays = 1; ; plays++) {
    try {
      return await play();
    } catch (error) {
      if (!(error instanceof MissedBlock) || plays === PLAYS) throw error;
    }
  }
};
