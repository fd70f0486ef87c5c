import { secp256k1 } from '@noble/curves/secp256k1.js';
import { ripemd160 } from '@noble/hashes/legacy.js';
import type { BaseAccount } from 'cosmjs-types/cosmos/auth/v1beta1/auth';
import { PubKey } from 'cosmjs-types/cosmos/crypto/secp256k1/keys';
import { SignMode } from 'cosmjs-types/cosmos/tx/signing/v1beta1/signing';
import { event } from '../comet/abci.ts';
import { msFromTimestamp } from '../comet/header.ts';
import { sha256 } from '../comet/merkle.ts';
import { concatBytes, u64BigEndian } from '../state/kv.ts';
import type { AddressCodec } from '../vm/addresses.ts';
import { type AuthKeeper, accountPublicKey, SECP256K1_PUBKEY_URL } from './auth.ts';
import { type BankKeeper, FEE_COLLECTOR } from './bank.ts';
import { type Coin, formatCoins, normalizeCoins } from './coins.ts';
import type { Context } from './context.ts';
import { AbciError, sdkErrors, wrapped } from './errors.ts';
import type { FeegrantKeeper } from './feegrant.ts';
import { SECP256K1_VERIFY, TX_SIZE_PER_BYTE } from './gas.ts';
import { type MinGasPrice, requiredFee } from './gas-price.ts';
import { type DecodedTx, directSignBytes } from './tx.ts';

const NIL_POINTER = 'recovered: runtime error: invalid memory address or nil pointer dereference';
const MAX_MEMO_CHARACTERS = 256;
/** cosmos-sdk v0.53 x/auth/ante/sigverify.go DefaultMaxTimeoutDuration and DefaultUnorderedTxGasCost. */
const MAX_UNORDERED_TTL_MS = 600_000;
const UNORDERED_GAS = 2_240;
const UNORDERED_KEY = Uint8Array.of(90);
/** Size of a signature and its key in the legacy encoding, which the SDK adds while simulating an unsigned transaction. */
const SIMULATED_SIGNATURE_BYTES = 117;

/**
 * How a transaction is being looked at. 'check': it wants into the mempool, where alone the minimum gas price is asked for.
 * 'recheck': it waits there and a block has passed; its signature is known. 'simulate': unsigned.
 */
export type AnteMode = 'check' | 'recheck' | 'deliver' | 'simulate';

interface AnteParts {
  readonly auth: AuthKeeper;
  readonly bank: BankKeeper;
  readonly feegrant: FeegrantKeeper;
  readonly addresses: AddressCodec;
  readonly minGasPrice: MinGasPrice;
  readonly unordered: boolean;
}

/**
 * The checks and changes before a transaction's messages, in the order of the SDK's v0.53 ante decorators: timeout, memo,
 * size gas, fee, public key, signature and sequence. Whatever it changed stands even if a message fails later.
 */
export class AnteHandler {
  readonly #auth: AuthKeeper;
  readonly #bank: BankKeeper;
  readonly #feegrant: FeegrantKeeper;
  readonly #addresses: AddressCodec;
  #minGasPrice: MinGasPrice;
  readonly #unordered: boolean;
  /** Signatures found good in CheckTx, so that delivery need not do the curve arithmetic again. */
  readonly #verified = new Set<string>();

  constructor(parts: AnteParts) {
    this.#auth = parts.auth;
    this.#bank = parts.bank;
    this.#feegrant = parts.feegrant;
    this.#addresses = parts.addresses;
    this.#minGasPrice = parts.minGasPrice;
    this.#unordered = parts.unordered;
  }

  /** What a node's operator does with `minimum-gas-prices`: from now on CheckTx asks for this. */
  setMinGasPrice(price: MinGasPrice): void {
    this.#minGasPrice = price;
  }

  /**
   * Runs on `ctx`, whose cache the caller flushes only on success. `signers` are the messages' signers, first one first.
   * Throws AbciError: sdk codes 4, 5, 8, 9, 11, 12, 13, 15, 18, 30, 31, 32, 37, 41, 42.
   */
  run(ctx: Context, tx: DecodedTx, signers: readonly Uint8Array[], mode: AnteMode): void {
    checkBody(ctx, tx);
    ctx.gas.consume(TX_SIZE_PER_BYTE * tx.bytes.length, 'txSize');
    if (mode === 'simulate') ctx.gas.consume(TX_SIZE_PER_BYTE * SIMULATED_SIGNATURE_BYTES * signers.length, 'txSize');
    const all = this.#withFeePayer(tx, signers);
    this.#deductFee(ctx, tx, all[0], mode);
    this.#setPublicKeys(ctx, tx, all, mode);
    if (tx.body.unordered) this.#useNonce(ctx, tx, all, mode);
    for (const [i, signer] of all.entries()) this.#verifySignature(ctx, tx, signer, i, mode);
    for (const signer of tx.body.unordered ? [] : all) {
      const account = this.#account(ctx, signer);
      this.#auth.set(ctx, signer, { ...account, sequence: account.sequence + 1n });
    }
  }

  /** The signers with an explicit fee payer among them; the payer of the fee is the first. */
  #withFeePayer(tx: DecodedTx, signers: readonly Uint8Array[]): Uint8Array[] {
    if (tx.fee.payer === '') return [...signers];
    const payer = this.#addresses.toBytes(tx.fee.payer);
    const known = signers.some((signer) => Buffer.compare(signer, payer) === 0);
    return known ? [...signers] : [...signers, payer];
  }

  #deductFee(ctx: Context, tx: DecodedTx, firstSigner: Uint8Array | undefined, mode: AnteMode): void {
    const { fee } = tx;
    if (mode !== 'simulate' && fee.gasLimit === 0n) throw sdkErrors.invalidGasLimit('must provide positive gas');
    const coins = normalizeCoins(fee.amount);
    if (mode === 'check' || mode === 'recheck') {
      const required = requiredFee(this.#minGasPrice, fee.gasLimit);
      const offered = coins.find((coin) => coin.denom === required.denom);
      if (BigInt(required.amount) > BigInt(offered?.amount ?? 0)) {
        throw sdkErrors.insufficientFee(
          `insufficient fees; got: ${formatCoins(coins)} required: ${formatCoins([required])}`,
        );
      }
    }
    const feePayer = fee.payer === '' ? firstSigner : this.#addresses.toBytes(fee.payer);
    if (feePayer === undefined) throw sdkErrors.noSignatures();
    const payer = fee.granter === '' ? feePayer : this.#granted(ctx, fee.granter, feePayer, coins);
    const payerText = this.#addresses.toText(payer);
    if (this.#auth.get(ctx, payer) === undefined) {
      throw sdkErrors.unknownAddress(`fee payer address: ${payerText} does not exist`);
    }
    if (coins.length > 0) {
      try {
        this.#bank.sendToModule(ctx, payer, FEE_COLLECTOR, coins);
      } catch (error) {
        // The SDK puts its own "insufficient funds" behind the bank's.
        if (error instanceof AbciError && error.abciCode === 5) throw error.wrapAs(sdkErrors.insufficientFunds());
        throw error;
      }
    }
    ctx.events.push(event('tx', ['fee', formatCoins(coins)], ['fee_payer', payerText]));
  }

  #granted(ctx: Context, granterText: string, feePayer: Uint8Array, coins: readonly Coin[]): Uint8Array {
    const granter = this.#addresses.toBytes(granterText);
    if (Buffer.compare(granter, feePayer) === 0) return granter;
    // The SDK prints both addresses as bytes (x/auth/ante/fee.go, %s of a []byte).
    const text = (address: Uint8Array): string => Buffer.from(address).toString();
    wrapped(`${text(granter)} does not allow to pay fees for ${text(feePayer)}`, () =>
      this.#feegrant.use(ctx, granter, feePayer, coins),
    );
    return granter;
  }

  /** One nonce for all signers: the time-out, used once. Used ones stay in the state here; x/auth removes them when they have passed. */
  #useNonce(ctx: Context, tx: DecodedTx, signers: readonly Uint8Array[], mode: AnteMode): void {
    if (!this.#unordered) throw sdkErrors.notSupported('unordered transactions are not enabled');
    const { timeoutTimestamp: timeout } = tx.body;
    const invalid = sdkErrors.invalidRequest;
    if (timeout === undefined || timeout.seconds === 0n) {
      throw invalid('unordered transaction must have timeout_timestamp set');
    }
    const timeoutMs = msFromTimestamp(timeout);
    if (timeoutMs < ctx.block.timeMs)
      throw invalid('unordered transaction has a timeout_timestamp that has already passed');
    if (timeoutMs > ctx.block.timeMs + MAX_UNORDERED_TTL_MS) throw invalid('unordered tx ttl exceeds 10m0s');
    ctx.gas.consume(UNORDERED_GAS, 'unordered tx');
    if (tx.authInfo.signerInfos.some(({ sequence }) => sequence > 0n)) {
      throw invalid('sequence is not allowed for unordered transactions');
    }
    if (mode === 'simulate') return;
    const nanos = timeout.seconds * 1_000_000_000n + BigInt(timeout.nanos);
    for (const signer of signers) {
      const key = concatBytes(UNORDERED_KEY, u64BigEndian(nanos), signer);
      if (ctx.store('acc').get(key) !== undefined) {
        const text = this.#addresses.toText(signer);
        throw invalid(`failed to add unordered nonce: sender ${text} has already used timeout ${nanos}`);
      }
      ctx.store('acc').set(key, Uint8Array.of(1));
    }
  }

  #setPublicKeys(ctx: Context, tx: DecodedTx, signers: readonly Uint8Array[], mode: AnteMode): void {
    const { signerInfos } = tx.authInfo;
    for (const [i, signer] of signers.entries()) {
      const any = signerInfos[i]?.publicKey;
      const key = any?.typeUrl === SECP256K1_PUBKEY_URL ? PubKey.decode(any.value).key : undefined;
      const account = this.#account(ctx, signer);
      if (key === undefined || key.length === 0) continue;
      if (mode !== 'simulate' && Buffer.compare(secp256k1Address(key), signer) !== 0) {
        const text = this.#addresses.toText(signer);
        throw sdkErrors.invalidPubKey(`pubKey does not match signer address ${text} with signer index: ${i}`);
      }
      if (account.pubKey === undefined) {
        const pubKey = { typeUrl: SECP256K1_PUBKEY_URL, value: PubKey.encode({ key }).finish() };
        this.#auth.set(ctx, signer, { ...account, pubKey });
      }
    }
    for (const [i, signer] of signers.entries()) {
      const sequence = signerInfos[i]?.sequence ?? 0n;
      const signature = Buffer.from(tx.raw.signatures[i] ?? []).toString('base64');
      if (!tx.body.unordered)
        ctx.events.push(event('tx', ['acc_seq', `${this.#addresses.toText(signer)}/${sequence}`]));
      ctx.events.push(event('tx', ['signature', signature]));
    }
  }

  #verifySignature(ctx: Context, tx: DecodedTx, signer: Uint8Array, index: number, mode: AnteMode): void {
    ctx.gas.consume(SECP256K1_VERIFY, 'ante verify: secp256k1');
    const { signerInfos } = tx.authInfo;
    const info = signerInfos[index];
    const { signatures } = tx.raw;
    if (info === undefined || signerInfos.length !== signatures.length || (index === 0 && signatures.length === 0)) {
      throw sdkErrors.unauthorized(`invalid number of signer;  expected: ${index + 1}, got ${signatures.length}`);
    }
    const account = this.#account(ctx, signer);
    const publicKey = accountPublicKey(account);
    if (publicKey === undefined && mode !== 'simulate') throw sdkErrors.invalidPubKey('pubkey on account is not set');
    if (!tx.body.unordered && info.sequence !== account.sequence) {
      throw sdkErrors.wrongSequence(`account sequence mismatch, expected ${account.sequence}, got ${info.sequence}`);
    }
    if (mode === 'simulate' || mode === 'recheck' || publicKey === undefined) return;
    const signMode = info.modeInfo?.single?.mode;
    if (signMode !== SignMode.SIGN_MODE_DIRECT)
      throw sdkErrors.notSupported('this chain verifies SIGN_MODE_DIRECT only');
    // Though the chain has it: the SDK's adapter for sign modes reads the key of the transaction (x/auth/tx/adapter.go).
    if (info.publicKey === undefined) throw sdkErrors.panic(NIL_POINTER);
    const signature = signatures[index] ?? new Uint8Array(0);
    if (!this.#isGood(ctx, tx, index, account, publicKey, signature, mode)) {
      const { accountNumber } = account;
      throw sdkErrors.unauthorized(
        `signature verification failed; please verify account number (${accountNumber}) and chain-id (${ctx.block.chainId}): (unable to verify single signer signature)`,
      );
    }
  }

  #isGood(
    ctx: Context,
    tx: DecodedTx,
    index: number,
    account: BaseAccount,
    publicKey: Uint8Array,
    signature: Uint8Array,
    mode: AnteMode,
  ): boolean {
    const name = `${Buffer.from(tx.hash).toString('hex')}/${index}/${account.accountNumber}`;
    if (mode === 'deliver' && this.#verified.delete(name)) return true;
    const digest = sha256(directSignBytes(tx, ctx.block.chainId, account.accountNumber));
    const good = verifyDigest(digest, signature, publicKey);
    if (good && mode === 'check') {
      if (this.#verified.size >= 20_000) this.#verified.clear();
      this.#verified.add(name);
    }
    return good;
  }

  #account(ctx: Context, address: Uint8Array): BaseAccount {
    const account = this.#auth.get(ctx, address);
    if (account !== undefined) return account;
    throw sdkErrors.unknownAddress(`account ${this.#addresses.toText(address)} does not exist`);
  }
}

function checkBody(ctx: Context, tx: DecodedTx): void {
  const { body } = tx;
  if (body.extensionOptions.length > 0) throw sdkErrors.unknownExtensionOptions();
  const { height, timeMs } = ctx.block;
  if (body.timeoutHeight > 0n && BigInt(height) > body.timeoutHeight) {
    throw sdkErrors.txTimeoutHeight(`block height: ${height}, timeout height: ${body.timeoutHeight}`);
  }
  const timeout = body.timeoutTimestamp;
  if (timeout !== undefined && timeout.seconds !== 0n && msFromTimestamp(timeout) < timeMs) {
    const at = (ms: number) => new Date(ms).toISOString();
    throw sdkErrors.txTimeout(`block time: ${at(timeMs)}, timeout timestamp: ${at(msFromTimestamp(timeout))}`);
  }
  const memoBytes = Buffer.byteLength(body.memo);
  if (memoBytes > MAX_MEMO_CHARACTERS) {
    throw sdkErrors.memoTooLarge(
      `maximum number of characters is ${MAX_MEMO_CHARACTERS} but received ${memoBytes} characters`,
    );
  }
}

/** Address of a compressed secp256k1 key: RIPEMD-160 of its SHA-256, 20 bytes (cosmos-sdk crypto/keys/secp256k1). */
export function secp256k1Address(publicKey: Uint8Array): Uint8Array {
  return ripemd160(sha256(publicKey));
}

/** The SDK refuses high S to keep a transaction's hash from being changed by others. */
function verifyDigest(digest: Uint8Array, signature: Uint8Array, publicKey: Uint8Array): boolean {
  if (signature.length !== 64) return false;
  try {
    return secp256k1.verify(signature, digest, publicKey, { prehash: false, lowS: true });
  } catch {
    return false;
  }
}
