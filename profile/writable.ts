/** Plain data while its owner builds it; everybody else gets it as T. */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
