/** Typed arrays that grow. */

/** Arrays shorter than this double when they grow: there are very many, and allocating one takes longer than filling it. */
const small = 1 << 12;

/** An array with room for at least `needed` elements: the same one, or a larger copy, with zeros at its end. */
export function withRoom<
  A extends Uint8Array | Uint32Array | Int32Array | Float32Array | Float64Array,
>(array: A, needed: number): A {
  if (needed <= array.length) return array;
  const type = array.constructor as new (length: number) => A;
  const { length } = array;
  const larger = new type(
    Math.max(needed, length < small ? 2 * length : Math.ceil(length * 1.5), 64),
  );
  larger.set(array as never);
  return larger;
}

/** An array that will not grow any more: the same one, or a copy if most of its room is unused. */
export function trimmed<A extends Uint8Array | Int32Array | Float64Array>(
  array: A,
  used: number,
): A {
  return array.length <= 2 * used ? array : (array.slice(0, used) as A);
}
