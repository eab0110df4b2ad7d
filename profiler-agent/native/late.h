// Finds a Python that is loaded after the program began: in frozen programs of one file, and in programs that embed
// Python.
#pragma once

// Remembers to call `found`, once, when Python has been loaded. It is called on the thread that is about to use Python.
void late_expect(void (*found)(void));
// Checks whether Python has been loaded. Called by interposed functions that Python calls when it starts. Costs little
// as long as nothing was loaded since the last check. (program's threads)
void late_look(void);
