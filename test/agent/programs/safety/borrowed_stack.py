"""Compiled code that keeps its stack pointer in memory of its own for a while, as oneDNN's AVX-512 kernels (TensorFlow) do.

Whoever runs a signal handler on the interrupted stack writes into that memory, and beyond it.
"""

import ctypes
import os
import subprocess
import tempfile

SOURCE = """
#include <string.h>
static unsigned char block[65536];
long borrowed(long rounds) {
  memset(block, 0xA5, sizeof block);
  __asm__ volatile("mov %%rsp, %%r12; mov %1, %%rsp; 1: dec %0; jnz 1b; mov %%r12, %%rsp"
                   : "+r"(rounds) : "r"(block + 60000) : "r12", "memory", "cc");
  long changed = 0;
  for (unsigned i = 0; i < sizeof block; i++) changed += block[i] != 0xA5;
  return changed;
}
"""
folder = tempfile.mkdtemp()
with open(os.path.join(folder, "borrowed.c"), "w") as file:
    file.write(SOURCE)
library = os.path.join(folder, "borrowed.so")
subprocess.run(
    ["cc", "-O1", "-shared", "-fPIC", "-o", library, os.path.join(folder, "borrowed.c")], check=True
)
borrowed = ctypes.CDLL(library).borrowed
borrowed.restype = ctypes.c_long
borrowed.argtypes = [ctypes.c_long]
changed = borrowed(600_000_000)
print("fine" if changed == 0 else f"{changed} bytes of foreign memory were overwritten")
