// Use of GPUs by the process: a helper program asks the NVIDIA driver, and the watcher records its answers.
//
// The helper (../../gpu) is a process of its own because the driver's library cannot be shared with the program.
// Programs such as PyTorch and NCCL use the library too; it has one state for the whole process; and that state has
// file descriptors, but the watcher and the program have different descriptor tables. In its own process, the helper
// may also hang, crash, or be busy while the program forks. It is started by the first sample in code of the CUDA
// driver, so programs that use no GPU never pay for it.
#pragma once
#include "base.h"

// Remembers the environment variables that the helper needs. Called before the program runs.
void gpu_prepare(void);
// The watcher begins. `own_files`: the watcher has a descriptor table of its own; without one, GPUs are not measured.
void gpu_begin(bool own_files);
// A module with this path was recorded. (watcher)
void gpu_code_met(const char *path);
// Starts the helper when code of the driver was seen, and records what it has sent. `now` in ns. (watcher)
void gpu_look(uint64_t now);
// Ends listening, which ends the helper. (watcher)
void gpu_finish(void);
// In a forked child: the helper is the parent's.
void gpu_after_fork(void);
