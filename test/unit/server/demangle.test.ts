/** Names of C++ and Rust functions. Most symbols are those of g++ 12, and of rustc 1.95's own driver. */
import { describe, expect, test } from 'vitest';
import { demangle } from '../../../server/symbols/demangle';

test.each([
  ['PyList_Sort', 'PyList_Sort'],
  [
    '_ZN5Eigen8internal11gebp_traitsIfdE3runEPKfi',
    'Eigen::internal::gebp_traits<float, double>::run',
  ],
  ['_ZNSt6vectorIiSaIiEE9push_backERKi', 'std::vector<int, std::allocator<int>>::push_back'],
  ['_ZN12_GLOBAL__N_13fooEv', '(anonymous)::foo'],
  ['_ZNK3BarclEi', 'Bar::operator()'],
  ['_ZN3BarC2ERKS_', 'Bar::Bar'],
  ['_ZN3BarD0Ev', 'Bar::~Bar'],
  ['_ZZN1a1bEvENKUlvE_clEv', 'a::b::{lambda}::operator()'],
  ['_ZN4core3fmt9Formatter3pad17h0123456789abcdefE', 'core::fmt::Formatter::pad'],
  [
    '_ZN46_$LT$alloc..vec..Vec$LT$T$GT$$u20$as$u20$X$GT$3run17h0123456789abcdefE',
    '<alloc::vec::Vec<T> as X>::run',
  ],
  ['_Z', '_Z'],
  ['_ZN3foo', '_ZN3foo'],
  ['_ZTV3Foo', '_ZTV3Foo'],
])('%s is demangled to %s', (symbol, name) => {
  expect(demangle(symbol)).toBe(name);
});

describe('C++: decltype, expressions and other types that are not names', () => {
  test.each([
    ['_ZN3npy4sortIDTplfp_fp0_EEEvT_', 'npy::sort<decltype(…)>'],
    ['_ZZ3addIidEDTplfp_fp0_ET_T0_ENKUlvE_clEv', 'add<int, double>::{lambda}::operator()'],
    ['_ZZ1fIiEv4FlagIDTplcvT__ELi1EEEENKUlvE_clEv', 'f<int>::{lambda}::operator()'],
    ['_ZZ1gIiEv3ArrIXplstT_Li1EEEENKUlvE_clEv', 'g<int>::{lambda}::operator()'],
    ['_ZZ3neuIiEDTnw_T_pifp_EES0_ENKUlvE_clEv', 'neu<int>::{lambda}::operator()'],
    ['_ZZ3sumIJiidEEDTfrplfp_EDpT_ENKUlvE_clEv', 'sum<int, int, double>::{lambda}::operator()'],
    [
      '_ZZ4callIPFiiEJiEEDTclfp_spfp0_EET_DpT0_ENKUlvE_clEv',
      'call<int (*)(int), int>::{lambda}::operator()',
    ],
    [
      '_ZZ4sfinIiEN2IfIXaa3bigIT_Ent4sameIS1_cEEiE4typeES1_ENKUlvE_clEv',
      'sfin<int>::{lambda}::operator()',
    ],
    ['_ZN4FlagIXgtstT_Li2EEE3runEv', 'Flag<…>::run'],
    ['_Z2vtIDv4_fEvT_', 'vt<float vector(4)>'],
    ['_Z4halfIDF16_EvT_', 'half<_Float16>'],
    ['_Z2fpIPDoFviEEvT_', 'fp<void (*)(int)>'],
    ['_Z2fpIPPFviEEvT_', 'fp<void (**)(int)>'],
    ['_Z2fpIRA5_iEvT_', 'fp<int (&)[5]>'],
    ['_Z2fpIM1PiEvT_', 'fp<int P::*>'],
    ['_Z2fpIM1PKFivEEvT_', 'fp<int (P::*)() const>'],
    [
      '_ZNSt6vectorISt6threadSaIS0_EE5clearEv',
      'std::vector<std::thread, std::allocator<std::thread>>::clear',
    ],
    ['_ZN3BoxIcSt4pairIccEE5InnerC2EOS1_', 'Box<char, std::pair<char, char>>::Inner::Inner'],
  ])('%s is demangled to %s', (symbol, name) => {
    expect(demangle(symbol)).toBe(name);
  });
});

describe('Rust since 2021', () => {
  test.each([
    ['_RNvCskwGfYPst2Cb_3foo3bar', 'foo::bar'],
    ['_RNvMNtCs7yAVFB03SUJ_5alloc3vecINtB2_3VechE4push', '<alloc::vec::Vec<u8>>::push'],
    [
      '_RINvMNtCsgEmfK2I1SDS_4core3stre18trim_start_matchesReECsgY6Mt91CT9J_14rustc_demangle',
      '<str>::trim_start_matches::<&str>',
    ],
    [
      '_RINvMNtCs2fqUAidLEe7_15rustc_serialize6opaqueNtB3_11FileEncoder19panic_invalid_writeKj10_ECs5FxD4tM6viY_14rustc_metadata',
      '<rustc_serialize::opaque::FileEncoder>::panic_invalid_write::<16>',
    ],
    [
      '_RNvXs1j_NtCsfoXig8kEbyV_12simd_adler324hashAhj51_NtB8_11Adler32Hash4hash',
      '<[u8; 81] as simd_adler32::Adler32Hash>::hash',
    ],
    [
      '_RNvXsb_NtNtCsgEmfK2I1SDS_4core3fmt5floatC3f16NtB7_7Display3fmt',
      '<f16 as core::fmt::Display>::fmt',
    ],
    [
      '_RNvXs0_NtNtCs7OxSQD10jZQ_18tracing_subscriber3fmt4timeFG0_QL1_INtNtB7_6format6WriterL0_EEINtNtCsgEmfK2I1SDS_4core6result6ResultuNtNtB1u_3fmt5ErrorENtB5_10FormatTime11format_time',
      '<fn(&mut tracing_subscriber::fmt::format::Writer) -> core::result::Result<(), core::fmt::Error> as tracing_subscriber::fmt::time::FormatTime>::format_time',
    ],
    ['_RNCNCNgCs6DXkGYLi8lr_2cc5spawn00B5_', 'cc::spawn::{closure#0}::{closure#0}'],
    ['_RNCNvCs1234_7mycrate4mains_0B3_', 'mycrate::main::{closure#1}'],
    ['_RNvC7mycrateu8gdel_5qa', 'mycrate::gödel'],
    ['_RNSNvC7mycrate4main6vtableB3_', 'mycrate::main::{shim:vtable#0}'],
    ['_RINvC1a1fTlEE', 'a::f::<(i32,)>'],
    ['_RINvC1a1fKb1_Knn_Kc61_KpE', "a::f::<true, -0, 'a', _>"],
    ['_RINvC1a1fDNtB2_4Iterp4ItemhEL_E', 'a::f::<dyn a::Iter<Item = u8>>'],
    ['_RINvC1a1fUKCmEuE', '_RINvC1a1fUKCmEuE'],
    ['_RINvC1a1fFUKCmEuE', 'a::f::<unsafe extern "C" fn(u32)>'],
    [
      '_RNvMsc_Cs8nUgGD5k2ut_8smallvecINtB5_8SmallVecAoj2_E6resizeCslxDpE5NoPy4_22rustc_pattern_analysis.llvm.123',
      '<smallvec::SmallVec<[u128; 2]>>::resize',
    ],
    ['_R', '_R'],
    ['_R_CheckStack', '_R_CheckStack'],
    ['_RNvC3fo', '_RNvC3fo'],
    ['_RNvNvB_1a1b', '_RNvNvB_1a1b'],
  ])('%s is demangled to %s', (symbol, name) => {
    expect(demangle(symbol)).toBe(name);
  });
});

describe('crafted symbols', () => {
  // Each further part is twice as long as the one before: 2^500 letters if they were written out.
  const doublings = 500;

  test('of C++ whose names double every few letters stay short', () => {
    const place = (number: number) =>
      number === 0 ? 'S_' : `S${(number - 1).toString(36).toUpperCase()}_`;
    let symbol = '_Z1fI1a';
    for (let step = 0; step < doublings; step++) {
      // Each step adds two candidates: the function and the pointer to it. The first two are f and a.
      const last = place(1 + 2 * step);
      symbol += `PFv${last}${last}E`;
    }
    const name = demangle(`${symbol}Evv`);
    expect(name).toBe('f<…>');
  });

  test('of Rust whose names double every few letters stay short', () => {
    let text = 'INvC1a1fh';
    let last = text.length - 1;
    const base62 = (number: number): string => {
      const digits = '0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';
      let out = '';
      for (let rest = number - 1; ; rest = Math.floor(rest / 62)) {
        out = digits[rest % 62]! + out;
        if (rest < 62) return `B${out}_`;
      }
    };
    for (let step = 0; step < doublings; step++) {
      const here = text.length;
      text += `T${base62(last)}${base62(last)}E`;
      last = here;
    }
    expect(demangle(`_R${text}E`)).toBe('a::f::<…>');
  });

  test('that are nested very deeply are left as they are', () => {
    for (const symbol of [
      `_Z1fI${'P'.repeat(100_000)}iEvv`,
      `_Z1fIX${'ng'.repeat(100_000)}Li1EEEvv`,
      `_RINvC1a1f${'S'.repeat(100_000)}hE`,
      `_R${'Nv'.repeat(100_000)}C1a1b`,
    ]) {
      expect(demangle(symbol)).toBe(symbol);
    }
  });
});
