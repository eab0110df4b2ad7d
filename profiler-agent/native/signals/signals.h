// The one signal that is ours, and that the program sees nothing of it.
//
// It is a real-time signal that nobody uses; when the program begins to use it, another one is taken. What the program
// says about its number is remembered and told back, and it is never blocked but where it would do harm, so threads
// that block every signal are sampled too.
#pragma once
#include <signal.h>

#include "base.h"

// Takes a signal for the handler, with everything blocked while it runs. Returns its number, 0 when none is free.
int signals_install(void (*handler)(int, siginfo_t *, void *));
// Its number now; 0 once the program has taken every one there is. (signal)
int signals_ours(void);
// Sends it to a thread of this process. False when the thread is gone, or there is no such signal. (watcher)
bool signals_send(int tid);
// The kernel refused a signal, or a timer that sends it. Has it done so for the limit on pending signals?
void signals_are_refused(int error);
bool signals_lack_room(void);
// Someone else has sent it: what the program has asked to happen then happens. (signal)
void signals_answer(const siginfo_t *info);
// Of the signals that are never blocked, those that the calling thread believes are, each a bit of the kernel's mask.
uint64_t signals_believed(void);
bool signals_believes_blocked(int number);
// A signal has come that the calling thread may believe is blocked: if so, from now on it is. (signal)
bool signals_hold(int number);
// The calling thread begins, and believes what its creator believed.
void signals_begin(uint64_t blocked);
// The calling thread gets no signal of ours for a while.
void signals_pause(void);
void signals_go_on(void);
// Not so in a vfork child, which shares this memory.
bool signals_in_process(void);
// Before exec, the next program inherits what this one believes; it did not come to that.
void signals_before_exec(void);
void signals_after_exec(void);
// In a forked child.
void signals_after_fork(void);
