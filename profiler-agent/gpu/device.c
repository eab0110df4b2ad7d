#include "device.h"

#include <string.h>
#include <time.h>

#include "gpu/gpu_message.h"

#define NS_PER_SECOND 1000000000ull
// The driver averages utilisation over its samples since a moment that the caller names; a sample covers at most a
// second. The caller names no moment further back, so that use after a long pause is not spread over the pause.
#define SINCE_MAX_NS NS_PER_SECOND
// The same where asking costs so much that the driver is asked less than once a second.
#define SINCE_MAX_LATE_NS (5 * NS_PER_SECOND)
// Two readings of the clocks that are closer together than this are good enough.
#define CLOCKS_APART_NS 20000
// After this many failures in a row the driver is not asked for the same again.
#define ERRORS_MAX 10
#define PROCESSES_MAX 1024

static uint64_t clock_read(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

// How far the driver's clock, which counts µs since the Unix epoch, is ahead of CLOCK_MONOTONIC, ns. The clocks are
// read again when this process may have lost its core between two readings.
static uint64_t clock_offset(void) {
  uint64_t offset = 0;
  for (int i = 0; i < 5; i++) {
    uint64_t before = clock_read(CLOCK_MONOTONIC), real = clock_read(CLOCK_REALTIME);
    offset = real - before;
    if (clock_read(CLOCK_MONOTONIC) - before < CLOCKS_APART_NS) break;
  }
  return offset;
}

void device_open(struct device *device, const struct nvml *nvml, nvmlDevice_t handle, uint64_t now) {
  *device = (struct device){.handle = handle, .asked_at = now, .busy_until = now, .sent_bytes = GPU_UNKNOWN};
  device->last_sample_us = (now + clock_offset()) / 1000;
  nvmlMemory_t memory;
  if (!nvml->name || nvml->name(handle, device->name, sizeof device->name) != NVML_SUCCESS) strcpy(device->name, "GPU");
  if (nvml->memory && nvml->memory(handle, &memory) == NVML_SUCCESS) device->total = memory.total;
}

// ---- Who uses it, and how much of its memory ----

void device__look(struct device *device, struct nvml *nvml, const struct identity *identity) {
  static unsigned char list[PROCESSES_MAX * 32];
  unsigned int count = PROCESSES_MAX;
  memset(list, 0xa5, sizeof list);
  device->processes = device->foreign = 0;
  device->is_used = false;
  device->bytes = GPU_UNKNOWN;
  if (nvml->processes(device->handle, &count, list) != NVML_SUCCESS || count > PROCESSES_MAX) return;
  if (!nvml->process_size && count) {
    // How far the driver has written into the list tells how many bytes it writes for each process.
    static const unsigned char untouched[8] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};
    nvml->process_size = memcmp(list + count * 24, untouched, sizeof untouched) == 0 ? 24 : 32;
  }
  device->processes = count;
  for (unsigned int i = 0; i < count; i++) {
    nvmlProcessInfo_v1_t info;  // every version begins with these fields
    memcpy(&info, list + i * nvml->process_size, sizeof info);
    if (process_is_elsewhere(info.pid)) {
      device->foreign++;
      device->foreign_pid = info.pid;
    }
    if (!identity__is(identity, info.pid)) continue;
    // On a GPU that is split into instances (MIG), a process is listed once for each instance that it uses.
    if (info.usedGpuMemory != NVML_VALUE_NOT_AVAILABLE)
      device->bytes = (device->is_used && device->bytes != GPU_UNKNOWN ? device->bytes : 0) + info.usedGpuMemory;
    device->is_used = true;
  }
}

// ---- How busy it is ----

// How busy the process has kept the GPU since the last answer, from the driver's figures for single processes. False
// when there is nothing new; *code is the driver's answer.
static bool use_of_process(struct device *device, const struct nvml *nvml, const struct identity *identity,
                           uint64_t now, struct use *use, nvmlReturn_t *code) {
  static nvmlProcessUtilizationSample_t samples[PROCESSES_MAX];
  uint64_t offset = clock_offset(), us = (now + offset) / 1000;
  uint64_t longest = now - device->asked_at;
  if (longest < SINCE_MAX_NS) longest = SINCE_MAX_NS;
  if (longest > SINCE_MAX_LATE_NS) longest = SINCE_MAX_LATE_NS;
  // After the clock has been set back, the last sample lies in the future.
  uint64_t since = device->last_sample_us < us - longest / 1000 || device->last_sample_us > us ? us - longest / 1000
                                                                                               : device->last_sample_us;
  uint64_t last = since, busy = 0;
  unsigned int count = PROCESSES_MAX;
  device->asked_at = now;
  *code = nvml->process_utilization ? nvml->process_utilization(device->handle, samples, &count, since)
                                    : NVML_ERROR_FUNCTION_NOT_FOUND;
  if (*code == NVML_ERROR_NOT_FOUND) *code = NVML_SUCCESS, count = 0;
  if (*code != NVML_SUCCESS) return false;
  for (unsigned int i = 0; i < count && i < PROCESSES_MAX; i++) {
    const nvmlProcessUtilizationSample_t *sample = &samples[i];
    // Drivers are known to report utilisations above 100 % and samples that are not newer; those mean nothing.
    if (!identity__is(identity, sample->pid) || sample->smUtil > 100 || sample->timeStamp <= last) continue;
    busy += (sample->timeStamp - last) * 1000 * sample->smUtil / 100;
    last = sample->timeStamp;
  }
  if (last == since) return false;
  device->last_sample_us = last;
  uint64_t until = last * 1000 - offset, from = until - (last - since) * 1000;
  // Stretches must not overlap, but the two clocks drift apart.
  if (from < device->busy_until) from = device->busy_until;
  if (until <= from) return false;
  *use = (struct use){from, until, busy < until - from ? busy : until - from};
  device->busy_until = until;
  return true;
}

// The same from the driver's figure for the whole GPU, which is that of the process while no other process uses the
// GPU.
static bool use_of_device(struct device *device, const struct nvml *nvml, uint64_t now, struct use *use,
                          nvmlReturn_t *code) {
  nvmlUtilization_t rates;
  uint64_t from = now - device->asked_at > SINCE_MAX_NS ? now - SINCE_MAX_NS : device->asked_at;
  device->asked_at = now;
  *code = nvml->rates ? nvml->rates(device->handle, &rates) : NVML_ERROR_FUNCTION_NOT_FOUND;
  if (*code != NVML_SUCCESS || device->processes != 1 || rates.gpu > 100) return false;
  *use = (struct use){from, now, (now - from) * rates.gpu / 100};
  return true;
}

// True when the driver will always give this answer to the same question.
static bool is_final(nvmlReturn_t code) {
  return code == NVML_ERROR_NOT_SUPPORTED || code == NVML_ERROR_NO_PERMISSION || code == NVML_ERROR_INVALID_ARGUMENT ||
         code == NVML_ERROR_FUNCTION_NOT_FOUND;
}

bool device__ask(struct device *device, const struct nvml *nvml, const struct identity *identity, uint64_t now,
                 struct use *use, const char **why) {
  enum busy_source before = device->busy_source;
  uint64_t asked_at = device->asked_at;
  bool news = false;
  for (bool again = true; again && device->busy_source != BUSY_UNKNOWN;) {
    nvmlReturn_t code = NVML_SUCCESS;
    device->asked_at = asked_at;
    news = device->busy_source == BUSY_OF_PROCESS ? use_of_process(device, nvml, identity, now, use, &code)
                                                  : use_of_device(device, nvml, now, use, &code);
    device->errors = code == NVML_SUCCESS ? 0 : device->errors + 1;
    again = is_final(code) || device->errors == ERRORS_MAX;
    if (!again) continue;
    device->errors = 0;
    device->busy_source++;
  }
  if (device->busy_source == before) return news;
  *why = device->busy_source == BUSY_OF_DEVICE
             ? "The NVIDIA driver does not say how busy each process keeps this GPU. While this process is the only "
               "one on it, all of the GPU's busy time is charged to it."
             : "The NVIDIA driver does not say how busy this GPU is, as on parts of a GPU (MIG) and on virtual GPUs. "
               "No GPU time is charged to lines; its memory is shown.";
  return news;
}
