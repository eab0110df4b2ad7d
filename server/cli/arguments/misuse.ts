/** A command line that cannot be obeyed; the message is one sentence for the user. */
export class Misuse extends Error {}
