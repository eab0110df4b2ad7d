/** What kind of call, if any, the instruction of a sample makes. The numbers are in callOpcodes.ts, which is generated. */
import { callOpcodes } from './callOpcodes';

/**
 * none: not a call. builtin: specialised for a compiled callable. python: specialised for a Python callable.
 * generic: the instruction does not say. unknown: this version of Python has no table here.
 */
export const callKinds = ['none', 'builtin', 'python', 'generic', 'unknown'] as const;
export type CallKind = (typeof callKinds)[number];

/** By minor version, then by opcode, a byte. */
const kindsByMinor: CallKind[][] = [];
for (const [minor, table] of Object.entries(callOpcodes)) {
  const kinds = (kindsByMinor[Number(minor)] = new Array<CallKind>(256).fill('none'));
  for (const [name, opcode] of Object.entries(table)) kinds[opcode] = callKindOfName(name);
}

/** The kind of call an opcode makes, by its number as in memory and sys.hexversion (0 = unknown). */
export function callKind(hexversion: number, opcode: number): CallKind {
  return kindsByMinor[(hexversion >>> 16) & 0xff]?.[opcode] ?? 'unknown';
}

/** 3.11 names its specialised calls PRECALL_…; some names first tell something about keyword arguments. */
function callKindOfName(name: string): CallKind {
  const call = name.replace(/^(INSTRUMENTED_)?(PRE)?CALL_?(NO_KW_|KW_|EX_)?/, '');
  if (/^(BUILTIN|METHOD_DESCRIPTOR|LEN|ISINSTANCE|LIST_APPEND|STR_1|TYPE_1|TUPLE_1)/.test(call)) {
    return 'builtin';
  }
  return /^(PY|BOUND_METHOD|ALLOC_AND_ENTER_INIT)/.test(call) ? 'python' : 'generic';
}
