import type { BlockEvents } from './chain.ts';

/** One endpoint's own view of a chain's blocks, by whoever wants to compare several. */
export interface BlockSource {
  /** As people and coverage records call it. */
  readonly name: string;
  /** @throws {TransientError} when it cannot be reached, rests, or does not have that height */
  block(height: number): Promise<BlockEvents>;
}
