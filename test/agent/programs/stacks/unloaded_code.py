"""
A library is called and unloaded; code made at run time comes to lie where its code was, and another library where that
was. Prints how long the thread was in each, by its own clock.
"""

import ctypes
import mmap
import os
import subprocess
import sys
import tempfile
import time

folder = tempfile.mkdtemp()
HANDLER = ctypes.CFUNCTYPE(ctypes.c_long, ctypes.c_long)


def library(name, functions, build_id):
    source, made = os.path.join(folder, name + ".c"), os.path.join(folder, name + ".so")
    with open(source, "w") as file:
        for i in range(functions):
            file.write(
                f"int f{i}(int x) {{ volatile int y = x; for (int i = 0; i < 3; i++) y += i * {i}; return y; }}\n"
            )
        file.write(
            f"long {name}(long n) {{ volatile long s = 0; for (long i = 0; i < n; i++) s += i; return s; }}\n"
        )
    subprocess.run(
        ["cc", "-O1", "-shared", "-fPIC", f"-Wl,--build-id={build_id}", source, "-o", made],
        check=True,
    )
    return made


libc = ctypes.CDLL(None, use_errno=True)
libc.dlopen.restype = libc.dlsym.restype = libc.mmap.restype = ctypes.c_void_p
libc.dlopen.argtypes = [ctypes.c_char_p, ctypes.c_int]
libc.dlsym.argtypes = [ctypes.c_void_p, ctypes.c_char_p]
libc.dlclose.argtypes = [ctypes.c_void_p]
libc.mmap.argtypes = [
    ctypes.c_void_p,
    ctypes.c_size_t,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_int,
    ctypes.c_long,
]
libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]


def timed(call, argument):
    start = time.thread_time()
    call(argument)  # mark: use
    return time.thread_time() - start


def use(path, name):
    handle = libc.dlopen(path.encode(), 2)
    address = libc.dlsym(handle, name)
    took = timed(HANDLER(address), 250_000_000)
    libc.dlclose(handle)
    return took, address


first, second = library("first_spin", 400, "none"), library("second_spin", 100, "sha1")
took_first, spin = use(first, b"first_spin")
page = spin & ~(mmap.PAGESIZE - 1)
made = libc.mmap(
    page, mmap.PAGESIZE, 7, 0x100022, -1, 0
)  # at that address or not at all, private, anonymous
if made == page:
    code = bytes.fromhex("b800000000ffc0ffcf75fac3")  # x86-64: counts edi down
    ctypes.memmove(spin, code, len(code))
    timed(ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_uint)(spin), 400_000_000)
    libc.munmap(page, mmap.PAGESIZE)
took_second, _ = use(second, b"second_spin")
# Another file of the same name, which comes to lie at the same place.
os.rename(second, second + ".old")
os.rename(library("third_spin", 100, "sha1"), second)
took_third, _ = use(second, b"third_spin")
print(took_first, took_second, took_third, made == page)
sys.stdout.flush()
