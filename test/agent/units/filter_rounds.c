// Runs seccomp filters in advance: one that is known, and many that are no filters at all, which must only be survived.
// Prints what the first one answers, and how many of the others had an answer.
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include "sandbox/bpf.h"

#define ROUNDS 200000u
#define STEPS 40u

// Allows call 1, kills for call 2, and answers for call 3 by its second argument.
static const struct sock_filter known[] = {
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 1, 4, 0),
    BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 2, 4, 0),
    BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args[1])),
    BPF_STMT(BPF_ALU | BPF_AND | BPF_K, 0xff),
    BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 6, 1, 0),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD),
};

static uint32_t answer(int number, uint8_t arguments_known, uint64_t second) {
  struct bpf_call call = {number, arguments_known, {0, second}};
  return bpf_run(known, sizeof known / sizeof *known, &call);
}

int main(void) {
  printf("%x %x %x %x %x\n", answer(1, 0, 0), answer(2, 0, 0), answer(3, 2, 0x106), answer(3, 2, 7), answer(3, 1, 7));
  uint64_t random = 1;
  uint32_t answers = 0;
  for (uint32_t round = 0; round < ROUNDS; round++) {
    struct sock_filter program[STEPS];
    uint32_t length = 1 + round % STEPS;
    for (uint32_t i = 0; i < length; i++) {
      random = mix64(random + i + 1);
      // Numbers at the edges of their range, and small ones.
      uint32_t k = random >> 32 & 1 ? (uint32_t)(random >> 33) % STEPS : (uint32_t) - (int32_t)(random >> 33 & 7);
      program[i] =
          (struct sock_filter){(uint16_t)(random & 0xff), (uint8_t)(random >> 8 & 15), (uint8_t)(random >> 12 & 15), k};
    }
    struct bpf_call call = {(int)(round % 400), (uint8_t)(random >> 40), {random, ~random, round}};
    // Nothing may be read behind it.
    struct sock_filter exact[length];
    memcpy(exact, program, sizeof exact);
    answers += bpf_run(exact, length, &call) != BPF_UNKNOWN;
  }
  printf("%d %d\n", answers > ROUNDS / 100, answers < ROUNDS);
  return 0;
}
