#include "loops/trio.h"

#include "cpython/objects.h"
#include "loops/task_lists.h"

static uintptr_t none;

void trio_begin(void) {
  none = (uintptr_t)interpreter_symbol("_Py_NoneStruct");
}

uint32_t trio_tasks(uintptr_t runner, uintptr_t *into, uint32_t most, bool *partial) {
  static struct name tasks = {"tasks", 0};
  return set_items(member_get(runner, &tasks), into, most, partial);
}

uint32_t trio_chains(struct await_chain *chains, const uintptr_t *tasks, uint32_t count, uint32_t stack) {
  static struct name coroutine = {"coro", 0}, next = {"_next_send_fn", 0};
  uint32_t kept = 0;
  for (uint32_t i = 0; i < count; i++) {
    if (!type_is(object_type(tasks[i]), "Task")) continue;
    // A task that is scheduled to run has a function in _next_send_fn.
    uintptr_t object = member_get(tasks[i], &coroutine);
    if (object && member_get(tasks[i], &next) == none)
      chains[kept++] = (struct await_chain){.object = object, .stack = stack};
  }
  return kept;
}
