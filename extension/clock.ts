/** Imported first, so that the time to load the bundle counts as activation. */
export const loadedAt = performance.now();
