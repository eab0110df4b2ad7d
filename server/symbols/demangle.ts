/**
 * C++ and Rust function names as people write them: `Eigen::internal::gebp_kernel<float, …>::operator()`. Parameter types
 * are left out, because a profile does not need them. A symbol that is not understood stays as it is.
 * Grammar: Itanium C++ ABI, 5.1 (https://itanium-cxx-abi.github.io/cxx-abi/abi.html#mangling).
 */
import { Parser } from './demangleParser';
import { demangleRust } from './demangleRust';
import { NotUnderstood } from './demangleText';

/** The readable form of a symbol, or the symbol itself when it is not mangled or not understood. */
export function demangle(symbol: string): string {
  const isRust = symbol.startsWith('_R');
  if (!isRust && !symbol.startsWith('_Z')) return symbol;
  try {
    if (isRust) return demangleRust(symbol);
    const name = new Parser(symbol).symbol();
    const isOldRust = /^_ZN(.*)17h[0-9a-f]{16}E/.test(symbol);
    return isOldRust ? rustNames(name.replace(/::h[0-9a-f]{16}$/, '')) : name;
  } catch (error) {
    if (error instanceof NotUnderstood) return symbol;
    throw error;
  }
}

function rustNames(name: string): string {
  const signs: Record<string, string> = {
    SP: '@',
    BP: '*',
    RF: '&',
    LT: '<',
    GT: '>',
    LP: '(',
    RP: ')',
    C: ',',
  };
  return name
    .replace(/\$u([0-9a-f]{1,6})\$/g, (_, hex: string) => String.fromCodePoint(parseInt(hex, 16)))
    .replace(/\$([A-Z]+)\$/g, (all, sign: string) => signs[sign] ?? all)
    .replace(/(^|::)_</g, '$1<')
    .replace(/\.\./g, '::');
}
