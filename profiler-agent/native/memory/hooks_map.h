// Mappings that the program makes itself.
#pragma once

// Callers of mmap from here on are known for what they are.
void memory_map_begin(void);
