/** Plain data while it is being built, by whoever owns it; everybody else gets it as T. */
export type Writable<T> = { -readonly [Key in keyof T]: T[Key] };
