// Waiting: time in which a thread is off the CPU and could not run. Only the watcher uses it.
#pragma once
#include "base.h"

struct awaits;

// What a thread's waiting is charged to. Times are ns of CLOCK_MONOTONIC. Written by observe.c.
struct wait_account {
  uint64_t charged;  // time off the CPU that was recorded as waiting
  uint64_t written;  // up to when its waiting was last recorded
  // Waiting that was not charged when the thread was last seen to run again, and when that was.
  uint64_t postponed, postponed_at;
  struct awaits *awaits;  // tasks for which its event loop waits, NULL: not known
  uint32_t stack;         // id of the stack where it waits
  uint32_t native;        // id of the native frames there, 0: not known
  uint8_t opcode;         // opcode of the innermost frame there
  bool gil;               // it waits for the interpreter lock
  bool known;             // its stack there could be read
  bool incomplete;        // the native frames there do not reach the eval loop
  bool waiting;           // it was last seen to wait; also read by rounds.c
  bool woken;             // it has not been seen to run since it was seen to wait or have no core
};
