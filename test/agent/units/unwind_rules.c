// Prints what the agent's unwinder knows about program counters in a library: `unwind_rules LIBRARY < ADDRESSES`, a
// line `kind offset fp_saved return_saved into` for each. Linked with the agent's own code.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <link.h>
#include <stdio.h>

#include "signals/guard.h"
#include "unwind/eh_frame.h"

int main(int count, char **words) {
  struct link_map *loaded = count == 2 ? dlopen(words[1], RTLD_NOW) : NULL;
  if (!loaded) {
    fprintf(stderr, "unwind_rules: %s\n", count == 2 ? dlerror() : "name one library");
    return 1;
  }
  // Its tables stay where they are.
  guard_use(true);
  modules_refresh(0);
  const struct module_map *map = modules_current();
  const struct module *module = NULL;
  for (uint32_t i = 0; map && i < map->ranges; i++) {
    const struct module *candidate = module_at(map->range[i].module);
    if (candidate->bias == loaded->l_addr && candidate->path[0] == '/') module = candidate;
  }
  if (!module) {
    fprintf(stderr, "unwind_rules: %s is not among the mapped files\n", words[1]);
    return 1;
  }
  unsigned long pc;
  while (scanf("%lx", &pc) == 1) {
    struct rule rule = eh_frame_rule(module, module->bias + pc);
    printf("%u %u %u %u %u\n", rule.kind, rule.offset, rule.fp_saved, rule.return_saved, rule.into);
  }
  return 0;
}
