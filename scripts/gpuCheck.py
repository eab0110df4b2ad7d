"""A known load for scripts/gpuCheck.mjs: 512 MB of GPU memory and a kernel that keeps the GPU busy, through nothing but
the CUDA driver. Prints how long the GPU was busy, or why there is no GPU to use (exit code 3)."""

import ctypes
import json
import sys
import time

SECONDS = 6
# Kernels are short, so that a GPU with a display on it does not end them.
LAUNCHES = 24
# One thread that goes round for as many rounds as it is told, and leaves a number that keeps the loop from being removed.
PTX = b"""
.version 6.0
.target sm_50
.address_size 64
.visible .entry busy(.param .u64 out, .param .u64 rounds) {
  .reg .pred %p;
  .reg .b64 %rd<5>;
  ld.param.u64 %rd1, [out];
  cvta.to.global.u64 %rd1, %rd1;
  ld.param.u64 %rd2, [rounds];
  mov.u64 %rd3, 1;
again:
  mad.lo.u64 %rd3, %rd3, 6364136223846793005, 1442695040888963407;
  sub.u64 %rd2, %rd2, 1;
  setp.ne.u64 %p, %rd2, 0;
  @%p bra again;
  st.global.u64 [%rd1], %rd3;
  ret;
}
"""


def refuse(why):
    print(why)
    sys.exit(3)


def check(code, what):
    if code != 0:
        sys.exit(f"{what} failed with CUDA error {code}.")


def compute(seconds):
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        pass  # mark: compute


try:
    cuda = ctypes.CDLL("libcuda.so.1")
except OSError as error:
    refuse(f"There is no CUDA driver ({error}).")
code = cuda.cuInit(0)
if code != 0:
    refuse(f"There is no GPU that CUDA can use (cuInit says {code}).")
device = ctypes.c_int()
check(cuda.cuDeviceGet(ctypes.byref(device), 0), "cuDeviceGet")
context = ctypes.c_void_p()
check(cuda.cuCtxCreate_v2(ctypes.byref(context), 0, device), "cuCtxCreate")
memory = ctypes.c_uint64()
check(cuda.cuMemAlloc_v2(ctypes.byref(memory), ctypes.c_size_t(512 << 20)), "cuMemAlloc")
module = ctypes.c_void_p()
check(cuda.cuModuleLoadData(ctypes.byref(module), PTX), "cuModuleLoadData")
kernel = ctypes.c_void_p()
check(cuda.cuModuleGetFunction(ctypes.byref(kernel), module, b"busy"), "cuModuleGetFunction")


def launch(rounds):
    count = ctypes.c_uint64(rounds)
    parameters = (ctypes.c_void_p * 2)(
        ctypes.cast(ctypes.byref(memory), ctypes.c_void_p),
        ctypes.cast(ctypes.byref(count), ctypes.c_void_p),
    )
    check(
        cuda.cuLaunchKernel(kernel, 1, 1, 1, 1, 1, 1, 0, None, parameters, None), "cuLaunchKernel"
    )


def synchronize():
    check(cuda.cuCtxSynchronize(), "cuCtxSynchronize")  # mark: synchronize


# How fast it goes round, then as many rounds as fill the time.
launch(1 << 22)
synchronize()
began = time.monotonic()
launch(1 << 24)
synchronize()
rate = (1 << 24) / (time.monotonic() - began)
compute(2)
began = time.monotonic()
for _ in range(LAUNCHES):
    launch(int(rate * SECONDS / LAUNCHES))
synchronize()
busy = time.monotonic() - began
# The driver is up to a second late with what it says.
compute(2)
print(json.dumps({"busy": busy}))
