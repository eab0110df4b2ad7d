/** Typed arrays that grow, and the error for rows that do not fit together. */

/** An array with room for `needed` elements: the same one, or a copy half as large again. */
export function withRoom<
  A extends Uint8Array | Uint32Array | Int32Array | Float32Array | Float64Array,
>(array: A, needed: number): A {
  if (needed <= array.length) return array;
  const type = array.constructor as new (length: number) => A;
  const larger = new type(Math.max(needed, Math.ceil(array.length * 1.5), 64));
  larger.set(array as never);
  return larger;
}

/** The array without the room that its first `count` elements do not need. */
export function withoutRoom<A extends Uint8Array | Uint32Array | Int32Array | Float64Array>(
  array: A,
  count: number,
): A {
  return count < array.length ? (array.slice(0, count) as A) : array;
}

/** The error for a row that names an id that does not exist. */
export function damaged(what: string, id: number): Error {
  return new Error(
    `The flame chart's data is damaged (${what} ${id} does not exist). Open the recording again.`,
  );
}
