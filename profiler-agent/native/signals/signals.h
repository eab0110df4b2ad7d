// The sampling signal, hidden from the program.
//
// It is a real-time signal that nobody uses. When the program begins to use it, we take another one. What the program
// sets for this signal is remembered, and returned when the program asks. A thread that blocks all signals is sampled,
// too: the signal is really blocked only where it would do harm.
//
// Below, the `believed` signals of a thread are those that it has blocked, and is told to be blocked, but that are not:
// the sampling signal, SIGSEGV and SIGBUS must get through.
#pragma once
#include <signal.h>

#include "base.h"

// Takes a signal for the handler, with all signals but faults blocked while it runs. Returns its number, 0 when none is
// free. Called once, by the thread that starts the agent.
int signals_install(void (*handler)(int, siginfo_t *, void *));
// Returns the signal's number; 0 once the program has taken all free signals. (signal, any thread)
int signals_ours(void);
// Sends the signal to a thread. False when the thread has ended, or there is no signal. (watcher)
bool signals_send(int tid);
// Remembers that the kernel refused a signal, or a timer that sends it, with this errno. The second function: true when
// the limit on pending signals was the reason.
void signals_are_refused(int error);
bool signals_lack_room(void);
// Neither a timer nor the watcher has sent this signal: does what the program has set for it. (signal)
void signals_answer(const siginfo_t *info);
// Return the believed signals of the calling thread, as bits of the kernel's mask, or whether one is among them.
// (program's threads; the second one: signal)
uint64_t signals_believed(void);
bool signals_believes_blocked(int number);
// A signal came. If it is a believed one of the calling thread, it is blocked from now on. Returns whether it is
// blocked. (signal)
bool signals_hold(int number);
// The calling thread begins with its creator's believed signals. (program's threads)
void signals_begin(uint64_t blocked);
// Block and unblock the sampling signal for the calling thread.
void signals_pause(void);
void signals_go_on(void);
// False in a vfork child, which shares this memory.
bool signals_in_process(void);
// Before exec: blocks the believed signals, because the next program inherits the mask. After a failed exec: undoes
// that.
void signals_before_exec(void);
void signals_after_exec(void);
// In a forked child: remembers its process id.
void signals_after_fork(void);
