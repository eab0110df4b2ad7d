/**
 * Expressions in C++ names, such as the `X+1` of `array<X+1>` and the inside of decltype. They are read because later parts
 * of the name may refer to types in them, but shown as `…`. Itanium C++ ABI, 5.1.6.
 */
import type { Parser } from './demangleParser';
import { NotUnderstood } from './demangleText';

/** One operand. */
const unary = new Set(['ps', 'ng', 'ad', 'de', 'co', 'nt', 'sz', 'az', 'nx', 'te', 'sp', 'aw']);
/** Two operands. */
const binary = new Set(
  'pl mi ml dv rm an or eo aS pL mI mL dV rM aN oR eO ls rs lS rS eq ne lt gt le ge ss aa oo cm pm ix ds'.split(
    ' ',
  ),
);
/** A type and an operand. */
const casts = new Set(['dc', 'sc', 'cc', 'rc']);
/** A type. */
const ofType = new Set(['st', 'at', 'ti']);

/** Reads an expression; the readable form of a literal or parameter, `…` for anything else. */
export function expression(parser: Parser): string {
  return parser.within(() => inside(parser));
}

function inside(parser: Parser): string {
  if (parser.take('L')) {
    return parser.literal();
  }
  const code = parser.peek(2);
  if (code[0] === 'T' && /[\d_]/.test(code[1] ?? '')) {
    return parser.parameter();
  }
  if (parser.take('fp') || parser.take('fL')) {
    functionParameter(parser);
  } else if (/^\d/.test(code) || code === 'on' || code === 'dn') {
    simpleName(parser);
  } else if (parser.take('sr')) {
    scopedName(parser);
  } else if (parser.take('gs')) {
    return expression(parser);
  } else if (parser.take('cl') || parser.take('cp') || parser.take('il')) {
    untilEnd(parser, expression);
  } else if (parser.take('tl')) {
    parser.type();
    untilEnd(parser, expression);
  } else if (parser.take('di')) {
    parser.source();
    return expression(parser);
  } else if (parser.take('cv')) {
    parser.type();
    if (parser.take('_')) untilEnd(parser, expression);
    else expression(parser);
  } else if (parser.take('dt') || parser.take('pt')) {
    expression(parser);
    if (parser.take('sr')) scopedName(parser);
    else simpleName(parser);
  } else if (parser.take('sZ')) {
    if (parser.take('fp') || parser.take('fL')) functionParameter(parser);
    else parser.parameter();
  } else if (parser.take('sP')) {
    untilEnd(parser, () => parser.argument());
  } else if (parser.take('pp') || parser.take('mm')) {
    parser.take('_');
    expression(parser);
  } else if (/^f[lrLR]/.test(code)) {
    fold(parser);
  } else if (parser.take('qu')) {
    for (let operand = 0; operand < 3; operand++) expression(parser);
  } else if (unary.has(code) && parser.take(code)) {
    expression(parser);
  } else if (binary.has(code) && parser.take(code)) {
    expression(parser);
    expression(parser);
  } else if (casts.has(code) && parser.take(code)) {
    parser.type();
    expression(parser);
  } else if (ofType.has(code) && parser.take(code)) {
    parser.type();
  } else if (parser.take('nw') || parser.take('na')) {
    allocation(parser);
  } else {
    throw new NotUnderstood();
  }
  return '…';
}

function untilEnd(parser: Parser, read: (parser: Parser) => unknown): void {
  while (!parser.take('E')) read(parser);
}

/** The rest of a parameter after `fp` or `fL`: its level, qualifiers, and its number. */
function functionParameter(parser: Parser): void {
  if (parser.take('T')) return;
  while (/[\dprVK]/.test(parser.peek())) parser.take(parser.peek());
  parser.expect('_');
}

function simpleName(parser: Parser): void {
  if (parser.take('dn')) {
    if (/\d/.test(parser.peek())) simpleName(parser);
    else parser.type();
    return;
  }
  parser.take('on');
  parser.unqualified('');
  if (parser.peek() === 'I') parser.arguments();
}

/** The rest after `sr`: a name in a type or namespace that a template parameter decides. */
function scopedName(parser: Parser): void {
  const isLong = parser.take('N');
  if (isLong || !/\d/.test(parser.peek())) {
    parser.type();
    if (isLong) untilEnd(parser, simpleName);
    simpleName(parser);
    return;
  }
  untilEnd(parser, simpleName);
  simpleName(parser);
}

/** `fl`, `fr`: a fold over one operand; `fL`, `fR`: with an initial operand. */
function fold(parser: Parser): void {
  const isBinary = /[LR]/.test(parser.peek(2)[1]!);
  parser.take(parser.peek(2));
  parser.operator();
  expression(parser);
  if (isBinary) expression(parser);
}

/** The rest after `nw`: placement arguments, a type, and an initializer. */
function allocation(parser: Parser): void {
  while (!parser.take('_')) expression(parser);
  parser.type();
  if (parser.take('pi')) untilEnd(parser, expression);
  else parser.expect('E');
}
