/** Types in C++ names that are more than one letter or a name; see demangleParser.ts. */
import { expression } from './demangleExpression';
import type { Parser } from './demangleParser';
import { NotUnderstood } from './demangleText';

/** Types that begin with D: decltype, vectors of the processor, numbers of a width. */
export function extendedType(parser: Parser): string {
  if (parser.take('DT') || parser.take('Dt')) {
    expression(parser);
    parser.expect('E');
    return 'decltype(…)';
  }
  if (parser.take('Dv')) {
    const size = parser.take('_') ? expression(parser) : parser.digits();
    parser.expect('_');
    return `${parser.type()} vector(${size})`;
  }
  if (parser.take('DF')) {
    const bits = parser.digits();
    if (parser.take('b')) return `bfloat${bits}`;
    if (!parser.take('x')) parser.expect('_');
    return `_Float${bits}`;
  }
  if (parser.take('DB') || parser.take('DU')) {
    const bits = /\d/.test(parser.peek()) ? parser.digits() : expression(parser);
    parser.expect('_');
    return `_BitInt(${bits})`;
  }
  throw new NotUnderstood();
}

/** The name after the last `::` that is not between angle brackets, without arguments. */
export function lastName(scope: string): string {
  let plain = scope;
  for (let before = ''; plain !== before;) {
    before = plain;
    plain = plain.replace(/<[^<>]*>/g, '');
  }
  return plain.split('::').at(-1) ?? '';
}

/** A pointer or reference to a type. Its sign stands inside a function or an array: `bool (*)(char)`, `int (P::*)() const`. */
export function pointerTo(type: string, sign: string): string {
  const pointer = /^([^()]* \()([*&]+)(\).*)$/.exec(type);
  if (pointer) return `${pointer[1]!}${pointer[2]!}${sign}${pointer[3]!}`;
  const plain = /^([^()]*)( \(.*\)[ a-z]*|\[.*\])$/.exec(type);
  if (plain) return `${plain[1]!} (${sign})${plain[2]!.trimStart()}`;
  return /^[*&]/.test(sign) ? type + sign : `${type} ${sign}`;
}
