import { resolve } from 'node:path';
import { type VerifiedReceipt, verifyReceipt } from '../../receipt/verify.ts';
import { type Command, expectArguments, parse, show } from '../command.ts';

const help = `quorate verify FILE [options]

Checks a receipt file offline: from the ask to the settlement, with the draws, the receipts and the payments.
Needs no API and no chain. Exit code 1 when any check refuses it.

  --trusted-header HASH  hash of the block header that anchors it, from a source that you trust; without it the file
                         is only shown to agree with itself
  --contract ADDR        the contract that you mean
  --input FILE           the file that was asked about
  --json                 one JSON document on stdout`;

const sentences = (r: VerifiedReceipt): string[] => [
  `query ${r.query.id} of ${r.contract} on ${r.chainId}: all ${r.checks.length} kinds of checks hold`,
  `  model    ${r.query.modelName} (${r.query.model})`,
  `  asked    at height ${r.query.askedHeight} by ${r.query.asker}, fee ${r.query.feeUnes} ${r.query.denom}`,
  `  input    ${r.query.inputHash}${r.inputChecked ? ', is the one given' : ', not compared (--input FILE)'}`,
  ...r.committee.map(
    (seat) =>
      `  seat     ${seat.node}: drawn in round ${seat.round}, ${seat.outcome}, paid ${seat.paidUnes}, slashed ${seat.slashedUnes}`,
  ),
  `  votes    ${r.votes.majority} of ${r.votes.committed} committed seats agreed (${r.votes.rule}), settled at height ${r.settledHeight}`,
  `  receipts ${r.stages.length} signed by workers, one a stage${r.receiptsNotIncluded.length === 0 ? '' : `; not in the file: ${r.receiptsNotIncluded.join(', ')}`}`,
  `  digest   ${r.digest}`,
  ...(r.text === undefined ? [] : r.text.split('\n').map((line) => `  answer   ${line}`)),
  r.anchored
    ? `anchored in the trusted header of height ${r.anchor.height}`
    : `NOT anchored: compare header hash ${r.anchor.hash} of height ${r.anchor.height} with a source that you trust (--trusted-header)`,
];

export const verify: Command = {
  name: 'verify',
  summary: 'check a receipt file offline',
  help,
  run: async (args, io) => {
    const { values, positionals } = parse('verify', args, {
      'trusted-header': { type: 'string' },
      input: { type: 'string' },
    });
    const [file = ''] = expectArguments('verify', positionals, ['FILE']);
    const bytes = await io.read(resolve(io.cwd, file));
    const input = values.input === undefined ? undefined : await io.read(resolve(io.cwd, values.input));
    const trustedHeaderHash = values['trusted-header'];
    const report = verifyReceipt(bytes, {
      ...(trustedHeaderHash !== undefined && { trustedHeaderHash }),
      ...(values.contract !== undefined && { contract: values.contract }),
      ...(input !== undefined && { input }),
    });
    return show(io, values.json, report, () => sentences(report));
  },
};
