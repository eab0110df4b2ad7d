#include "nvml.h"

#include <dlfcn.h>
#include <stdio.h>

const char *nvml_error(const struct nvml *nvml, nvmlReturn_t code) {
  static char number[32];
  const char *text = nvml->error_string ? nvml->error_string(code) : NULL;
  if (text) return text;
  snprintf(number, sizeof number, "error %d", code);
  return number;
}

const char *nvml_open(struct nvml *nvml) {
  static char why[256];
  void *library = dlopen("libnvidia-ml.so.1", RTLD_LAZY | RTLD_LOCAL);
  if (!library) {
    snprintf(why, sizeof why, "the NVIDIA driver's libnvidia-ml.so.1 cannot be loaded (%.160s)", dlerror());
    return why;
  }
  const struct {
    void *function;
    const char *name;
    int is_needed;
  } functions[] = {
      {&nvml->init, "nvmlInit_v2", 1},
      {&nvml->count, "nvmlDeviceGetCount_v2", 1},
      {&nvml->handle, "nvmlDeviceGetHandleByIndex_v2", 1},
      {&nvml->error_string, "nvmlErrorString", 0},
      {&nvml->name, "nvmlDeviceGetName", 0},
      {&nvml->memory, "nvmlDeviceGetMemoryInfo", 0},
      {&nvml->rates, "nvmlDeviceGetUtilizationRates", 0},
      {&nvml->process_utilization, "nvmlDeviceGetProcessUtilization", 0},
  };
  for (size_t i = 0; i < sizeof functions / sizeof *functions; i++) {
    void *found = dlsym(library, functions[i].name);
    if (!found && functions[i].is_needed) {
      snprintf(why, sizeof why, "the NVIDIA driver's libnvidia-ml.so.1 has no %s; a newer driver would",
               functions[i].name);
      return why;
    }
    *(void **)functions[i].function = found;
  }
  // The second version comes first, because its layout has never changed.
  static const struct {
    const char *name;
    size_t size;
  } versions[] = {
      {"nvmlDeviceGetComputeRunningProcesses_v2", sizeof(nvmlProcessInfo_v2_t)},
      {"nvmlDeviceGetComputeRunningProcesses_v3", 0},
      {"nvmlDeviceGetComputeRunningProcesses", sizeof(nvmlProcessInfo_v1_t)},
  };
  for (size_t i = 0; i < sizeof versions / sizeof *versions && !nvml->processes; i++) {
    *(void **)&nvml->processes = dlsym(library, versions[i].name);
    nvml->process_size = versions[i].size;
  }
  if (!nvml->processes) return "the NVIDIA driver's libnvidia-ml.so.1 does not tell processes apart";
  nvmlReturn_t code = nvml->init();
  if (code == NVML_SUCCESS) return NULL;
  snprintf(why, sizeof why, "the NVIDIA driver's library says “%s”", nvml_error(nvml, code));
  return why;
}
