// The handler of the sampling signal: it takes a sample of the thread that the signal interrupted.
#pragma once
#include "cpython/interpreter.h"
#include "threads.h"

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

// Called once, by the thread that starts the agent: installs the handler on a free real-time signal. Returns the
// signal's number, or 0 when no signal is free.
int sampler_install(const struct interpreter *python);
