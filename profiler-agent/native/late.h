// A Python that is loaded after the program began, as by frozen programs in one file and by those that embed it.
#pragma once

// Calls `found` when there is one, on the thread that is about to use it.
void late_expect(void (*found)(void));
// Is there one by now? Asked where Python, as it begins, calls the C library by functions that are ours already. Costs
// next to nothing where no library was loaded meanwhile.
void late_look(void);
