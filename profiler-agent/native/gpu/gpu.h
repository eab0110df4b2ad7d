// What the process keeps GPUs busy with: a helper program asks the NVIDIA driver, the watcher writes down what it says.
//
// The helper (../gpu) is a process of its own because the driver's library cannot be shared with the program: programs
// use it too (NCCL, PyTorch), it keeps one state for a whole process, and that state names file descriptors, which the
// watcher and the program have in different tables. In a process of its own it can also hang, crash, and be in the
// middle of anything when the program forks. It is started by the first sample that meets the CUDA driver's code, so a
// program without a GPU never pays for it.
#pragma once
#include "base.h"

// Keeps what the helper has to know of the environment. Before the program runs.
void gpu_prepare(void);
// For a new recording. Nothing is done where the watcher has no table of files of its own.
void gpu_begin(bool own_files);
// Code of this file has been met in a sample of this process.
void gpu_code_met(const char *path);
// Starts the helper when there is reason to, and writes down what it has said. (watcher)
void gpu_look(uint64_t now);
// The watcher ends, and the helper with it. (watcher)
void gpu_finish(void);
// In a forked child: the helper is the parent's.
void gpu_after_fork(void);
