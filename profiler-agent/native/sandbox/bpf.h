// Runs a seccomp filter to find out whether the kernel would allow a system call. Used by the thread that installs the
// filter.
#pragma once
#include <linux/filter.h>

#include "base.h"

// A system call. The bits of `known` tell which of its arguments are known.
struct bpf_call {
  int number;
  uint8_t known;
  uint64_t arguments[6];
};

// Returns the action of the filter (SECCOMP_RET_*, with its data), or BPF_UNKNOWN when it depends on something unknown.
#define BPF_UNKNOWN 0xffffffffu
uint32_t bpf_run(const struct sock_filter *program, uint32_t length, const struct bpf_call *call);
