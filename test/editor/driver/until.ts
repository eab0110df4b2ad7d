type Truthy<Value> = Exclude<Value, false | null | undefined | 0 | ''>;

/**
 * Polls until a question has a truthy answer, and returns it.
 * @param what completes the sentence “Waited … s until {what}”, for the failure
 * @param milliseconds the deadline
 * @throws when the deadline passes, with the last error the question raised
 */
export async function until<Value>(
  what: string,
  question: () => Value | Promise<Value>,
  milliseconds = 15_000,
  everyMs = 50,
): Promise<Truthy<Value>> {
  const started = Date.now();
  let last: unknown;
  do {
    try {
      const answer = await question();
      if (answer) return answer as Truthy<Value>;
      last = undefined;
    } catch (error) {
      last = error;
    }
    await new Promise((resolve) => setTimeout(resolve, everyMs));
  } while (Date.now() - started < milliseconds);
  const seconds = (milliseconds / 1000).toFixed(0);
  throw new Error(`Waited ${seconds} s until ${what}, in vain.`, { cause: last });
}
