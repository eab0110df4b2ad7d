// Runs a seccomp filter in advance: would the kernel let this system call pass?
#pragma once
#include <linux/filter.h>

#include "base.h"

// A system call whose arguments are known as far as their bits in `known` say.
struct bpf_call {
  int number;
  uint8_t known;
  uint64_t arguments[6];
};

// The action that the filter takes (SECCOMP_RET_*, with its data), or BPF_UNKNOWN where that depends on more.
#define BPF_UNKNOWN 0xffffffffu
uint32_t bpf_run(const struct sock_filter *program, uint32_t length, const struct bpf_call *call);
