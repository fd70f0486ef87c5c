/** The keys of one node or account. Private halves never leave the adapter. */
export interface AccountSigner {
  /** bech32 address of the secp256k1 account key. */
  readonly address: string;
  /** Compressed secp256k1 public key, 33 bytes. */
  readonly publicKey: Uint8Array;
  /** ECDSA over a SHA-256 digest (32 bytes): r || s, 64 bytes, low s. */
  signDigest(digest: Uint8Array): Promise<Uint8Array>;
}

/** What a node works with. The account that holds its bond need not be where this is. */
export interface NodeKeys {
  /** bech32 address of the node's account. */
  readonly address: string;
  /** Ed25519 public key, 32 bytes: VRF proofs and receipts. */
  readonly vrfPublicKey: Uint8Array;
  /** ECVRF-EDWARDS25519-SHA512-TAI (RFC 9381). @returns proof of 80 bytes, beta of 64 */
  prove(alpha: Uint8Array): Promise<{ readonly proof: Uint8Array; readonly beta: Uint8Array }>;
  /** Ed25519 (RFC 8032), 64 bytes. */
  signReceipt(bytes: Uint8Array): Promise<Uint8Array>;
  /** HMAC-SHA256 under the sealing key, 32 bytes. */
  seal(message: Uint8Array): Promise<Uint8Array>;
}

export interface NodeSigner extends AccountSigner, NodeKeys {}
