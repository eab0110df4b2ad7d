"""Says how it was started, after a moment of work."""

import os
import sys
import time

end = time.thread_time() + 0.15
while time.thread_time() < end:
    sum(range(2000))  # mark: work

flags = {
    name: getattr(sys.flags, name) for name in dir(sys.flags) if name[0] != "_" and name[:2] != "n_"
}
flags = {name: value for name, value in flags.items() if isinstance(value, int)}
print(
    ascii(sys.argv),
    sys.prefix,
    __name__,
    sorted(flags.items()),
    sys.warnoptions,
    sorted(sys._xoptions.items()),
)
print(os.environb.get(b"RAW"), ascii(os.getcwd()), "LD_PRELOAD" in os.environ)
