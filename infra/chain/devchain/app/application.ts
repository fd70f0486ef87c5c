import { TxMsgData } from 'cosmjs-types/cosmos/base/abci/v1beta1/abci';
import type { Any } from 'cosmjs-types/google/protobuf/any';
import { type AbciEvent, event, type TxResult } from '../comet/abci.ts';
import { CacheStore } from '../state/cache-store.ts';
import { type AddressCodec, addressCodec } from '../vm/addresses.ts';
import { AnteHandler, type AnteMode } from './ante.ts';
import { AuthKeeper } from './auth.ts';
import { AuthzKeeper } from './authz.ts';
import { BankKeeper, FEE_COLLECTOR } from './bank.ts';
import type { Coin } from './coins.ts';
import { type BlockInfo, Context, type TxInfo } from './context.ts';
import { dispatchContractMessage } from './contract-messages.ts';
import { answerContractQuery } from './contract-queries.ts';
import { toAbciError } from './errors.ts';
import { FeegrantKeeper } from './feegrant.ts';
import { GasMeter } from './gas.ts';
import type { MinGasPrice } from './gas-price.ts';
import { routeMessage } from './messages.ts';
import type { RoutedMessage } from './routed-message.ts';
import { type DecodedTx, decodeTx } from './tx.ts';
import { WasmKeeper } from './wasm-keeper.ts';

export interface ApplicationOptions {
  readonly bech32Prefix: string;
  readonly minGasPrice: MinGasPrice;
  /** Whether transactions without a sequence are taken (x/auth WithUnorderedTransactions): off on stock chains. */
  readonly unordered: boolean;
  /** Receives what contracts print with `deps.api.debug`. */
  debug(message: string): void;
}

/** Coins an address owns from the start. */
export interface GenesisBalance {
  readonly address: string;
  readonly coins: readonly Coin[];
}

/** The state machine: what baseapp and its modules are on a real chain. It holds no state of its own but compiled code. */
export class Application {
  readonly addresses: AddressCodec;
  readonly auth: AuthKeeper;
  readonly authz: AuthzKeeper;
  readonly bank: BankKeeper;
  readonly feegrant: FeegrantKeeper;
  readonly wasm: WasmKeeper;
  readonly #ante: AnteHandler;

  constructor(options: ApplicationOptions) {
    this.addresses = addressCodec(options.bech32Prefix);
    this.auth = new AuthKeeper(this.addresses);
    this.authz = new AuthzKeeper(this.auth, this.addresses);
    this.bank = new BankKeeper(this.auth, this.addresses);
    this.feegrant = new FeegrantKeeper(this.auth, this.addresses);
    this.wasm = new WasmKeeper({
      auth: this.auth,
      bank: this.bank,
      addresses: this.addresses,
      dispatch: (ctx, contract, msg) =>
        dispatchContractMessage(
          { bank: this.bank, toText: this.addresses.toText, route: (message) => routeMessage(this, message) },
          ctx,
          contract,
          msg,
        ),
      queryChain: (ctx, request) => answerContractQuery(this, ctx, request),
      debug: options.debug,
    });
    const { auth, bank, feegrant, addresses } = this;
    this.#ante = new AnteHandler({ auth, bank, feegrant, addresses, ...options });
  }

  setMinGasPrice(price: MinGasPrice): void {
    this.#ante.setMinGasPrice(price);
  }

  /** Writes the genesis accounts and balances; account numbers follow the list's order. Throws AbciError for bad coins. */
  initGenesis(block: BlockInfo, cache: CacheStore, balances: readonly GenesisBalance[]): void {
    const ctx = new Context({ block, cache, gas: new GasMeter(Infinity) });
    for (const { address, coins } of balances) {
      const bytes = this.addresses.toBytes(address);
      this.auth.ensure(ctx, bytes);
      this.bank.genesisCoins(ctx, bytes, coins);
    }
    this.auth.ensure(ctx, FEE_COLLECTOR);
  }

  /**
   * CheckTx: the ante checks alone, on the mempool's view of the state (`cache` keeps their effect on success, so that the
   * sender's next sequence is accepted too). Never throws for what a transaction can do wrong.
   */
  check(block: BlockInfo, cache: CacheStore, bytes: Uint8Array, mode: 'check' | 'recheck'): TxResult {
    return this.#run({ block, cache, bytes, mode, tx: undefined });
  }

  /** Runs a transaction of a block: its fee and sequence stay in `cache` once the ante checks pass, its messages' effects only if all succeed. */
  deliver(block: BlockInfo, cache: CacheStore, bytes: Uint8Array, index: number): TxResult {
    return this.#run({ block, cache, bytes, mode: 'deliver', tx: index });
  }

  /** Runs an unsigned transaction without any limit and keeps nothing. */
  simulate(block: BlockInfo, cache: CacheStore, bytes: Uint8Array): TxResult {
    return this.#run({ block, cache: new CacheStore(cache), bytes, mode: 'simulate', tx: 0 });
  }

  #run(request: {
    block: BlockInfo;
    cache: CacheStore;
    bytes: Uint8Array;
    mode: AnteMode;
    tx: number | undefined;
  }): TxResult {
    const { block, cache, bytes, mode } = request;
    let gas = new GasMeter(0);
    let gasWanted = 0n;
    let events: readonly AbciEvent[] = [];
    try {
      const decoded = decodeTx(bytes);
      const routed = decoded.messages.map((message) => routeMessage(this, message));
      gasWanted = decoded.fee.gasLimit;
      gas = new GasMeter(mode === 'simulate' ? Infinity : Number(gasWanted));
      const tx = request.tx === undefined ? undefined : { index: request.tx, hash: decoded.hash };
      events = this.#runAnte(new Context({ block, tx, gas, cache }), decoded, routed, mode);
      if (mode === 'check' || mode === 'recheck') {
        return { ...NO_RESULT, gasWanted, gasUsed: BigInt(gas.used), events };
      }
      const done = this.#runMessages(block, tx, gas, cache, routed);
      return { ...NO_RESULT, ...done, gasWanted, gasUsed: BigInt(gas.used), events: [...events, ...done.events] };
    } catch (thrown) {
      const error = toAbciError(thrown);
      const { codespace, abciCode: code, message: log } = error;
      return { ...NO_RESULT, code, codespace, log, gasWanted, gasUsed: BigInt(gas.used), events };
    }
  }

  #runAnte(ctx: Context, tx: DecodedTx, routed: readonly RoutedMessage[], mode: AnteMode): readonly AbciEvent[] {
    const ante = ctx.branch();
    this.#ante.run(ante, tx, uniqueSigners(routed), mode);
    ante.cache.flushTo(ctx.cache);
    return ante.events;
  }

  #runMessages(
    block: BlockInfo,
    tx: TxInfo | undefined,
    gas: GasMeter,
    cache: CacheStore,
    routed: readonly RoutedMessage[],
  ) {
    const ctx = new Context({ block, tx, gas, cache: new CacheStore(cache) });
    const events: AbciEvent[] = [];
    const msgResponses: Any[] = [];
    for (const [i, message] of routed.entries()) {
      const own = ctx.withOwnEvents();
      try {
        msgResponses.push(message.run(own));
      } catch (error) {
        throw withMessageIndex(error, i);
      }
      const { typeUrl, signerText, module } = message;
      events.push(event('message', ['action', typeUrl], ['sender', signerText], ['module', module]), ...own.events);
      for (const { attributes } of events.slice(events.length - own.events.length - 1)) {
        attributes.push({ key: 'msg_index', value: String(i) });
      }
    }
    ctx.cache.flushTo(cache);
    return { data: TxMsgData.encode({ data: [], msgResponses }).finish(), events };
  }
}

const NO_RESULT: TxResult = {
  code: 0,
  codespace: '',
  log: '',
  data: new Uint8Array(0),
  gasWanted: 0n,
  gasUsed: 0n,
  events: [],
};

/** Out of gas is reported as it is, every other error with the message that failed (baseapp runMsgs). */
function withMessageIndex(thrown: unknown, index: number): unknown {
  const error = toAbciError(thrown);
  const unchanged = (error.codespace === 'sdk' && error.abciCode === 11) || error.abciCode === 111_222;
  return unchanged ? error : error.wrap(`failed to execute message; message index: ${index}`);
}

function uniqueSigners(routed: readonly RoutedMessage[]): Uint8Array[] {
  const seen = new Map<string, Uint8Array>();
  for (const { signer, signerText } of routed) if (!seen.has(signerText)) seen.set(signerText, signer);
  return [...seen.values()];
}
