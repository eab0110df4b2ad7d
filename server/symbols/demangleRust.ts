/**
 * Rust's names since 2021, `_R…` (https://doc.rust-lang.org/rustc/symbol-mangling/v0.html), as people write them. Lifetimes, hashes
 * of crates and types of constants are left out, because a profile does not need them.
 */
import { fromPunycode } from './demanglePunycode';
import { NotUnderstood, shortened, shortList } from './demangleText';
import { rustTypes } from './demangleTables';

const deepest = 200;

/** The name of a function; throws NotUnderstood. */
export function demangleRust(symbol: string): string {
  const parser = new RustParser(symbol.slice(2));
  const name = parser.path(true);
  parser.end();
  return name;
}

class RustParser {
  #at = 0;
  #depth = 0;
  /** Parts that references lead to, by position: each is read once, however many references there are. */
  readonly #known = new Map<string, string>();
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** The name may be followed by the crate that made this instance, and by suffixes of compilers. */
  end(): void {
    if (/[A-Z]/.test(this.#peek())) {
      this.path(false);
    }
    if (!/^$|[.$]/.test(this.#peek())) {
      throw new NotUnderstood();
    }
  }

  /** `isValue`: type arguments of functions are written `::<T>`, those of types `<T>`. */
  path(isValue: boolean): string {
    return this.#nested(() => this.#pathInside(isValue));
  }

  #pathInside(isValue: boolean): string {
    switch (this.#next()) {
      case 'C':
        return this.#identifier().name;
      case 'M':
        this.#implementation();
        return `<${this.#type()}>`;
      case 'X':
        this.#implementation();
        return `<${this.#type()} as ${this.path(false)}>`;
      case 'Y':
        return `<${this.#type()} as ${this.path(false)}>`;
      case 'N':
        return this.#member(isValue);
      case 'I': {
        const name = this.path(isValue);
        const list = this.#list(() => this.#argument());
        const shown = list.filter((argument) => argument !== '');
        if (shown.length === 0) {
          return name;
        }
        return `${name}${isValue ? '::' : ''}${shortList(shown)}`;
      }
      case 'B':
        return this.#reference(`path ${isValue}`, () => this.path(isValue));
      default:
        throw new NotUnderstood();
    }
  }

  /** An implementation is named by its type, not by the module that holds it. */
  #implementation(): void {
    this.#disambiguator();
    this.path(false);
  }

  #member(isValue: boolean): string {
    const kind = this.#next();
    const owner = this.path(isValue);
    const { name, index } = this.#identifier();
    if (/[a-z]/.test(kind)) {
      return name === '' ? owner : `${owner}::${name}`;
    }
    const what = { C: 'closure', S: 'shim' }[kind] ?? kind;
    return `${owner}::{${what}${name && `:${name}`}#${index}}`;
  }

  #argument(): string {
    if (this.#take('L')) {
      this.#number();
      return '';
    }
    return this.#take('K') ? this.#constant() : this.#type();
  }

  #type(): string {
    return shortened(this.#nested(() => this.#typeInside()));
  }

  #typeInside(): string {
    const letter = this.#peek();
    const basic = rustTypes[letter];
    if (basic !== undefined) {
      this.#at++;
      return basic;
    }
    if (/[CMXYNI]/.test(letter)) {
      return this.path(false);
    }
    this.#at++;
    switch (letter) {
      case 'A':
        return `[${this.#type()}; ${this.#constant()}]`;
      case 'S':
        return `[${this.#type()}]`;
      case 'T': {
        const types = this.#list(() => this.#type());
        return types.length === 1 ? `(${types[0]!},)` : `(${types.join(', ')})`;
      }
      case 'R':
      case 'Q':
        if (this.#take('L')) {
          this.#number();
        }
        return `${letter === 'R' ? '&' : '&mut '}${this.#type()}`;
      case 'P':
        return `*const ${this.#type()}`;
      case 'O':
        return `*mut ${this.#type()}`;
      case 'F':
        return this.#functionType();
      case 'D':
        return this.#traitObject();
      case 'B':
        return this.#reference('type', () => this.#type());
      default:
        throw new NotUnderstood();
    }
  }

  #functionType(): string {
    this.#binder();
    const unsafe = this.#take('U') ? 'unsafe ' : '';
    let abi = '';
    if (this.#take('K')) {
      abi = `extern "${this.#take('C') ? 'C' : this.#plainName().replaceAll('_', '-')}" `;
    }
    const parameters = this.#list(() => this.#type());
    const result = this.#type();
    return `${unsafe}${abi}fn(${parameters.join(', ')})${result === '()' ? '' : ` -> ${result}`}`;
  }

  #traitObject(): string {
    this.#binder();
    const traits = this.#list(() => {
      const name = this.path(false);
      const types: string[] = [];
      while (this.#take('p')) {
        types.push(`${this.#plainName()} = ${this.#type()}`);
      }
      if (types.length === 0) {
        return name;
      }
      // Arguments of the trait and types it names stand in the same brackets.
      return name.endsWith('>')
        ? `${name.slice(0, -1)}, ${types.join(', ')}>`
        : `${name}<${types.join(', ')}>`;
    });
    if (!this.#take('L')) {
      throw new NotUnderstood();
    }
    this.#number();
    return `dyn ${traits.join(' + ')}`;
  }

  #constant(): string {
    if (this.#take('p')) {
      return '_';
    }
    if (this.#take('B')) {
      return this.#reference('constant', () => this.#constant());
    }
    const type = rustTypes[this.#next()];
    const digits = /^(n?)([0-9a-f]*)_/.exec(this.#text.slice(this.#at));
    if (!type || !digits) {
      throw new NotUnderstood();
    }
    this.#at += digits[0].length;
    const value = BigInt(`0x${digits[2] || '0'}`);
    if (type === 'bool') {
      return String(value === 1n);
    }
    if (type === 'char') {
      return value <= 0x10ffffn ? `'${String.fromCodePoint(Number(value))}'` : '…';
    }
    return `${digits[1] ? '-' : ''}${value}`;
  }

  #list(read: () => string): string[] {
    const list: string[] = [];
    while (!this.#take('E')) {
      list.push(read());
    }
    return list;
  }

  /** Reads a part at an earlier position. `kind`: the same position can be read in more than one way. */
  #reference(kind: string, read: () => string): string {
    const start = this.#at - 1;
    const place = this.#number();
    if (place >= start) {
      throw new NotUnderstood();
    }
    const key = `${kind} ${place}`;
    let known = this.#known.get(key);
    if (known === undefined) {
      const after = this.#at;
      this.#at = place;
      known = read();
      this.#at = after;
      this.#known.set(key, known);
    }
    return known;
  }

  #identifier(): { name: string; index: number } {
    const index = this.#disambiguator();
    return { name: this.#plainName(), index };
  }

  #disambiguator(): number {
    return this.#take('s') ? this.#number() + 1 : 0;
  }

  #binder(): void {
    if (this.#take('G')) {
      this.#number();
    }
  }

  #plainName(): string {
    const head = /^(u?)(0|[1-9][0-9]*)_?/.exec(this.#text.slice(this.#at, this.#at + 12));
    if (!head) {
      throw new NotUnderstood();
    }
    this.#at += head[0].length;
    const end = this.#at + Number(head[2]);
    if (end > this.#text.length) {
      throw new NotUnderstood();
    }
    const name = this.#text.slice(this.#at, end);
    this.#at = end;
    return head[1] ? fromPunycode(name) : name;
  }

  /** `_` is 0, `0_` is 1: a number in base 62. */
  #number(): number {
    let number = 0;
    let isFirst = true;
    for (;;) {
      const letter = this.#next();
      if (letter === '_') {
        return isFirst ? 0 : number + 1;
      }
      const digit = base62.indexOf(letter);
      if (digit < 0) {
        throw new NotUnderstood();
      }
      number = number * 62 + digit;
      isFirst = false;
    }
  }

  #nested(read: () => string): string {
    if (this.#depth++ > deepest) {
      throw new NotUnderstood();
    }
    const text = read();
    this.#depth--;
    return text;
  }

  #peek(): string {
    return this.#text[this.#at] ?? '';
  }

  #next(): string {
    const letter = this.#text[this.#at++];
    if (letter === undefined) {
      throw new NotUnderstood();
    }
    return letter;
  }

  #take(letter: string): boolean {
    if (this.#peek() !== letter) {
      return false;
    }
    this.#at++;
    return true;
  }
}

const base62 = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
