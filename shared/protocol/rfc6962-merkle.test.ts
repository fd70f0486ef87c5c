import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { fromHex, toHex } from './encoding.ts';
import { merklePath, merkleRoot, merkleVerify } from './merkle.ts';

/** Certificate Transparency's reference test data (google/certificate-transparency, merkle_tree_test.cc). */
const LEAVES = ['', '00', '10', '2021', '3031', '40414243', '5051525354555657', '606162636465666768696a6b6c6d6e6f'];
const ROOTS = [
  '6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d',
  'fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125',
  'aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77',
  'd37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7',
  '4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4',
  '76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef',
  'ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c',
  '5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328',
];

describe('RFC 6962 Merkle trees', () => {
  it('has the reference roots of 0 to 8 leaves', () => {
    expect(toHex(merkleRoot([]))).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
    for (const [i, root] of ROOTS.entries()) {
      expect(toHex(merkleRoot(LEAVES.slice(0, i + 1).map(fromHex)))).toBe(root);
    }
  });

  it('proves every leaf of every tree, and no other leaf, place, size or path', () => {
    fc.assert(
      fc.property(
        fc.array(fc.uint8Array({ maxLength: 9 }), { minLength: 1, maxLength: 40 }),
        fc.nat(),
        (leaves, pick) => {
          const index = pick % leaves.length;
          const leaf = leaves[index] as Uint8Array;
          const root = merkleRoot(leaves);
          const path = merklePath(leaves, index);
          expect(merkleVerify(root, leaf, index, leaves.length, path)).toBe(true);
          expect(merkleVerify(root, Uint8Array.of(...leaf, 7), index, leaves.length, path)).toBe(false);
          expect(merkleVerify(root, leaf, leaves.length, leaves.length, path)).toBe(false);
          expect(merkleVerify(root, leaf, index, leaves.length, [...path, root])).toBe(false);
          if (path.length > 0) expect(merkleVerify(root, leaf, index, leaves.length, path.slice(1))).toBe(false);
        },
      ),
    );
  });
});
