/** A recursive descent parser of the Itanium C++ ABI's mangled names; see demangle.ts. */
import { expression } from './demangleExpression';
import { builtinTypes, operators, standardNames } from './demangleTables';
import { NotUnderstood, shortened, shortList } from './demangleText';
import { extendedType, lastName, pointerTo } from './demangleTypes';

/** Levels; a compiler's symbols are not as deep, so a deeper one is not sound. */
const deepest = 200;

/** Parses one symbol that begins with _Z; its methods throw NotUnderstood. */
export class Parser {
  #at = 2;
  #depth = 0;
  /** Parts that later parts may refer to, in the order of their numbers (the ABI's substitutions). */
  readonly #substitutions: string[] = [];
  #templateArguments: string[] = [];
  readonly #text: string;

  constructor(text: string) {
    this.#text = text;
  }

  /** A whole symbol; what follows the name (parameter types, `.cold`) is not read. */
  symbol(): string {
    const text = this.#text;
    if (text.startsWith('TV', 2) || text.startsWith('TI', 2) || text.startsWith('TS', 2)) {
      throw new NotUnderstood();
    }
    // Thunks adjust `this` and go on to the function they are named after.
    if (this.take('Th') || this.take('Tv')) {
      while (/[n\d_]/.test(this.peek())) this.#at++;
    } else if (this.take('GTt')) return `${this.#name()} [transaction clone]`;
    return this.#name();
  }

  peek(letters = 1): string {
    return this.#text.slice(this.#at, this.#at + letters);
  }

  take(expected: string): boolean {
    if (!this.#text.startsWith(expected, this.#at)) return false;
    this.#at += expected.length;
    return true;
  }

  expect(expected: string): void {
    if (!this.take(expected)) throw new NotUnderstood();
  }

  /** Reads a part one level deeper. */
  within(read: () => string): string {
    if (this.#depth++ > deepest) throw new NotUnderstood();
    const text = read();
    this.#depth--;
    return text;
  }

  #name(): string {
    return this.within(() => this.#nameInside());
  }

  #nameInside(): string {
    if (this.take('N')) return this.#nested();
    if (this.take('Z')) return this.#local();
    if (this.peek() === 'S' && this.#text[this.#at + 1] !== 't') {
      const base = this.#substitution();
      return this.peek() === 'I' ? base + this.arguments() : base;
    }
    const name = this.take('St') ? `std::${this.unqualified('')}` : this.unqualified('');
    if (this.peek() !== 'I') return name;
    this.#substitutions.push(name);
    return name + this.arguments();
  }

  #nested(): string {
    while (/[rVKRO]/.test(this.peek())) this.#at++;
    let name = '';
    while (!this.take('E')) {
      if (this.peek() === 'I') {
        name += this.arguments();
      } else if (this.peek() === 'S' && this.#text[this.#at + 1] !== 't') {
        name = this.#substitution();
        continue;
      } else if (/^D[Tt]/.test(this.peek(2))) {
        name = extendedType(this);
      } else if (this.peek() === 'T') {
        name = this.parameter();
      } else if (this.take('M')) {
        continue;
      } else if (this.take('St')) {
        name = 'std';
        continue;
      } else {
        const part = this.unqualified(name);
        name = name ? `${name}::${part}` : part;
      }
      this.#substitutions.push(name);
    }
    // The whole name can be referred to only as a prefix or a type; the caller adds it again where it is one of those.
    this.#substitutions.pop();
    return name;
  }

  #local(): string {
    const outer = this.#name();
    while (!this.take('E')) this.type();
    if (this.take('s')) return outer;
    const name = this.#name();
    if (this.take('_')) while (/[\d_]/.test(this.peek())) this.#at++;
    return `${outer}::${name}`;
  }

  unqualified(scope: string): string {
    this.take('L');
    let name: string;
    if (/\d/.test(this.peek())) {
      name = this.source();
    } else if (this.take('Ut')) {
      this.#discriminator();
      name = '{unnamed}';
    } else if (this.take('Ul')) {
      while (!this.take('E')) this.type();
      this.#discriminator();
      name = '{lambda}';
    } else if (/^[CD][0-5]/.test(this.#text.slice(this.#at, this.#at + 2))) {
      const own = lastName(scope);
      name = this.peek() === 'C' ? own : `~${own}`;
      this.#at += 2;
    } else if (this.take('cv')) {
      name = `operator ${this.type()}`;
    } else {
      const operator = this.operator();
      name = operator === '""' ? `operator""${this.source()}` : `operator${operator}`;
    }
    // ABI tags such as [cxx11] are skipped: readers do not need them.
    while (this.take('B')) this.source();
    return name;
  }

  operator(): string {
    const operator = operators[this.peek(2)];
    if (operator === undefined) throw new NotUnderstood();
    this.#at += 2;
    return operator;
  }

  #discriminator(): void {
    while (/\d/.test(this.peek())) this.#at++;
    this.expect('_');
  }

  source(): string {
    const digits = /^\d+/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    const length = Number(digits);
    this.#at += digits.length;
    if (digits === '' || this.#at + length > this.#text.length) throw new NotUnderstood();
    const name = this.#text.slice(this.#at, this.#at + length);
    this.#at += length;
    return name.startsWith('_GLOBAL__N') ? '(anonymous)' : name;
  }

  /** S_ is the first, S0_ the second: a number in base 36. */
  #substitution(): string {
    this.expect('S');
    const standard = standardNames[this.peek()];
    if (standard !== undefined) {
      this.#at++;
      while (this.take('B')) this.source();
      return standard;
    }
    return this.#numbered(this.#substitutions);
  }

  parameter(): string {
    this.expect('T');
    return this.#numbered(this.#templateArguments, 'T');
  }

  #numbered(list: string[], fallback?: string): string {
    const digits = /^[0-9A-Z]*/.exec(this.#text.slice(this.#at))?.[0] ?? '';
    this.#at += digits.length;
    this.expect('_');
    const found = list[digits === '' ? 0 : parseInt(digits, 36) + 1] ?? fallback;
    if (found === undefined) throw new NotUnderstood();
    return found;
  }

  arguments(): string {
    this.expect('I');
    const list: string[] = [];
    while (!this.take('E')) list.push(...this.argument());
    this.#templateArguments = list;
    return shortList(list);
  }

  argument(): string[] {
    if (this.take('J')) {
      const list: string[] = [];
      while (!this.take('E')) list.push(...this.argument());
      return list;
    }
    if (this.take('L')) return [this.literal()];
    if (this.take('X')) {
      const shown = expression(this);
      this.expect('E');
      return [shown];
    }
    return [this.type()];
  }

  literal(): string {
    if (this.take('_Z')) {
      const name = this.#name();
      while (!this.take('E')) this.type();
      return name;
    }
    const type = this.type();
    const end = this.#text.indexOf('E', this.#at);
    if (end < 0) throw new NotUnderstood();
    const value = this.#text.slice(this.#at, end).replace(/^n/, '-');
    this.#at = end + 1;
    if (type === 'bool') return value === '0' ? 'false' : 'true';
    return /^-?\d+$/.test(value)
      ? /^(int|unsigned int|long|unsigned long)$/.test(type)
        ? value
        : `(${type})${value}`
      : type;
  }

  type(): string {
    const before = this.#at;
    const type = shortened(this.within(() => this.#typeInside()));
    if (this.#isCandidate(this.#text.slice(before, this.#at))) this.#substitutions.push(type);
    return type;
  }

  /** Whether later parts of the symbol may refer to a type: not to a builtin one, nor to one that is a reference itself. */
  #isCandidate(code: string): boolean {
    if (builtinTypes[code] !== undefined || /^DF\d/.test(code)) return false;
    return code[0] !== 'S' || code[1] === 't' || code.endsWith('E');
  }

  #typeInside(): string {
    const letter = this.peek();
    const builtin = builtinTypes[letter];
    if (builtin !== undefined) {
      this.#at++;
      return builtin;
    }
    const long = builtinTypes[this.#text.slice(this.#at, this.#at + 2)];
    if (long !== undefined) {
      this.#at += 2;
      return long;
    }
    if (letter === 'P' || letter === 'R' || letter === 'O') {
      this.#at++;
      return pointerTo(this.type(), { P: '*', R: '&', O: '&&' }[letter]);
    }
    if (/[rVK]/.test(letter)) {
      let words = '';
      for (; /[rVK]/.test(this.peek()); this.#at++) {
        words = ` ${{ r: 'restrict', V: 'volatile', K: 'const' }[this.peek()] ?? ''}${words}`;
      }
      return this.type() + words;
    }
    if (this.take('Dp')) return `${this.type()}...`;
    // Exception specifications are not shown.
    if (this.take('DO')) {
      expression(this);
      this.expect('E');
    } else if (this.take('Dw')) this.#typesToEnd();
    else if (this.peek(2) === 'Do') this.#at += 2;
    if (this.take('F')) return this.#functionType();
    if (this.take('A')) {
      const size = /[\d_]/.test(this.peek()) ? this.digits() : expression(this);
      this.expect('_');
      return `${this.type()}[${size}]`;
    }
    if (this.take('M')) {
      const owner = this.type();
      return pointerTo(this.type(), `${owner}::*`);
    }
    if (/^T[\d_]/.test(this.peek(2))) {
      const parameter = this.parameter();
      if (this.peek() !== 'I') return parameter;
      this.#substitutions.push(parameter);
      return parameter + this.arguments();
    }
    if (letter === 'D') return extendedType(this);
    if (this.take('C')) return `${this.type()} complex`;
    if (this.take('G')) return `${this.type()} imaginary`;
    // Qualifiers and types of vendors.
    if (this.take('U')) {
      const qualifier = this.source() + (this.peek() === 'I' ? this.arguments() : '');
      return `${this.type()} ${qualifier}`;
    }
    if (this.take('u')) return this.source() + (this.peek() === 'I' ? this.arguments() : '');
    if (/^T[sue]$/.test(this.peek(2))) this.#at += 2;
    return this.#name();
  }

  #functionType(): string {
    this.take('Y');
    const types: string[] = [];
    // The types may be followed by a qualifier of `this`.
    while (!this.take('E') && !this.take('RE') && !this.take('OE')) types.push(this.type());
    const [result = '', ...parameters] = types;
    return `${result} (${parameters.filter((type) => type !== 'void').join(', ')})`;
  }

  digits(): string {
    const digits = /^\d*/.exec(this.#text.slice(this.#at, this.#at + 20))?.[0] ?? '';
    this.#at += digits.length;
    return digits;
  }

  #typesToEnd(): string[] {
    const types: string[] = [];
    while (!this.take('E')) types.push(this.type());
    return types;
  }
}
