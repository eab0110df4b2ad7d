/** The words of a command line, read one after the other. */
import { Misuse } from './misuse';
import type { Option } from './options';

/** Reads words in order; an option takes its value from the same word or from the next. */
export class Words {
  #at = 0;
  readonly #all: readonly string[];

  constructor(all: readonly string[]) {
    this.#all = all;
  }

  peek(): string | undefined {
    return this.#all[this.#at];
  }

  next(): string | undefined {
    return this.#all[this.#at++];
  }

  rest(): string[] {
    return this.#all.slice(this.#at);
  }

  /**
   * Takes the next word if it is one of these options, with its value (empty for a switch). `name` is the option's first
   * spelling. Undefined when the word is none of them. Throws Misuse for a missing or superfluous value.
   */
  option(options: readonly Option[]): { name: string; value: string } | undefined {
    const word = this.peek() ?? '';
    const equals = word.startsWith('--') ? word.indexOf('=') : -1;
    const spelled = equals < 0 ? word : word.slice(0, equals);
    // A value can follow a short option in the same word, as in `-oFILE`.
    const joined = /^-[a-z]./.test(word) ? word.slice(0, 2) : undefined;
    const option =
      options.find(({ names }) => names.includes(spelled)) ??
      options.find(({ names, value }) => value && joined && names.includes(joined));
    if (!option) return undefined;
    const [name] = option.names;
    const used = option.names.includes(spelled) ? spelled : joined!;
    this.#at++;
    if (!option.value) {
      if (equals >= 0) throw new Misuse(`${used} takes no value.`);
      return { name, value: '' };
    }
    const inline = equals >= 0 ? word.slice(equals + 1) : used === joined ? word.slice(2) : '';
    const value = inline || (equals >= 0 ? '' : this.next());
    if (value === undefined || value === '') throw new Misuse(`${used} needs a value.`);
    return { name, value };
  }
}
