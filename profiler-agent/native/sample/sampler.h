// The handler of the sampling signal: it takes a sample of the thread that the signal interrupted.
#pragma once
#include "base.h"

struct interpreter;

// Flags of a sample, as STREAM.md numbers them.
enum {
  SAMPLE_WAITING = 1,
  SAMPLE_GIL = 2,
  SAMPLE_IN_SYSCALL = 1 << 2,
  SAMPLE_CUT = 1 << 3,
  SAMPLE_NATIVE_INCOMPLETE = 1 << 4,
  SAMPLE_NO_PYTHON = 1 << 5,
  SAMPLE_REMAINDER = 1 << 6,
};

// What the handler on a thread shares with other threads: mostly with the watcher.
struct handler_state {
  // The watcher has sent a signal that is not handled yet. The watcher sets it, and the handler resets it.
  _Atomic bool ticked;
  _Atomic bool running;    // the handler takes a sample; written by the handler, read by threads that enter a sandbox
  _Atomic bool unsampled;  // a sandbox forbids returning from the handler; written by the thread, read by the watcher
  // Samples that the handler could not take: the ring was full, or the stack made no sense. The handler adds, the
  // watcher takes the counts and resets them.
  _Atomic uint32_t dropped, rejected;
  _Atomic uint64_t spent;    // time in the handler for signals of the watcher, in ns; the watcher resets it
  _Atomic uintptr_t tstate;  // the thread's PyThreadState, as last seen by the handler or found by wait_stack.c
};

// Called once, by the thread that starts the agent: installs the handler on a free real-time signal. Returns the
// signal's number, or 0 when no signal is free.
int sampler_install(const struct interpreter *python);
