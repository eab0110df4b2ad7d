// Mappings that the program makes itself.
#pragma once

// Called when the agent starts: finds the allocator's code, whose own mappings are not counted.
void memory_map_begin(void);
