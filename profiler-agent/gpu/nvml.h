// The part of NVML, NVIDIA's management library, that is used here: declared by hand from the NVML API Reference Guide
// (https://docs.nvidia.com/deploy/nvml-api/), so that Lineheat builds without NVIDIA's headers, and runs without
// the library where there is no GPU. Names, values and layouts are the library's ABI.
#pragma once
#include <stddef.h>

typedef int nvmlReturn_t;
enum {
  NVML_SUCCESS = 0,
  NVML_ERROR_INVALID_ARGUMENT = 2,
  NVML_ERROR_NOT_SUPPORTED = 3,
  NVML_ERROR_NO_PERMISSION = 4,
  NVML_ERROR_NOT_FOUND = 6,
  NVML_ERROR_INSUFFICIENT_SIZE = 7,
  NVML_ERROR_FUNCTION_NOT_FOUND = 13,
};

typedef struct nvmlDevice *nvmlDevice_t;

#define NVML_DEVICE_NAME_V2_BUFFER_SIZE 96
#define NVML_VALUE_NOT_AVAILABLE (~0ull)

// nvmlDeviceGetProcessUtilization: percentages, and when they were taken in µs since the Unix epoch.
typedef struct {
  unsigned int pid;
  unsigned long long timeStamp;
  unsigned int smUtil, memUtil, encUtil, decUtil;
} nvmlProcessUtilizationSample_t;

// nvmlDeviceGetUtilizationRates: percentages of the last sampling period, which is a sixth of a second to a second.
typedef struct {
  unsigned int gpu, memory;
} nvmlUtilization_t;

typedef struct {
  unsigned long long total, free, used;
} nvmlMemory_t;

// nvmlDeviceGetComputeRunningProcesses has come in three versions. The first fills 16 bytes for each process, the
// second 24. The third fills 24 as well, except in the drivers from 535.43 to 535.86, where it fills 32.
typedef struct {
  unsigned int pid;
  unsigned long long usedGpuMemory;
} nvmlProcessInfo_v1_t;
typedef struct {
  unsigned int pid;
  unsigned long long usedGpuMemory;
  unsigned int gpuInstanceId, computeInstanceId;
} nvmlProcessInfo_v2_t;

struct nvml {
  nvmlReturn_t (*init)(void);
  nvmlReturn_t (*count)(unsigned int *);
  nvmlReturn_t (*handle)(unsigned int, nvmlDevice_t *);
  // The library may lack the functions below, which are then NULL.
  const char *(*error_string)(nvmlReturn_t);
  nvmlReturn_t (*name)(nvmlDevice_t, char *, unsigned int);
  nvmlReturn_t (*memory)(nvmlDevice_t, nvmlMemory_t *);
  nvmlReturn_t (*rates)(nvmlDevice_t, nvmlUtilization_t *);
  nvmlReturn_t (*process_utilization)(nvmlDevice_t, nvmlProcessUtilizationSample_t *, unsigned int *,
                                      unsigned long long);
  nvmlReturn_t (*processes)(nvmlDevice_t, unsigned int *, void *);
  size_t process_size;  // bytes that `processes` fills for each process; 0: not known yet
};

// Loads the library. Returns NULL, or why that is not possible: a sentence without its full stop.
const char *nvml_open(struct nvml *nvml);
// The library's text for an error.
const char *nvml_error(const struct nvml *nvml, nvmlReturn_t code);
