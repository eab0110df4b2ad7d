#include "device.h"

#include <string.h>
#include <time.h>

#include "gpu/gpu_message.h"

#define NS_PER_SECOND 1000000000ull
// A driver averages utilisation over what it has sampled since a moment that the caller names, a sample taking a second
// at most. Asked for no more than that, the average is of the time it is charged to, even after a long time without
// use.
#define LONGEST_NS NS_PER_SECOND
// Where it is asked less often than that, as where asking is dear, up to this much.
#define LATE_NS (5 * NS_PER_SECOND)
#define CLOCKS_APART_NS 20000
// So many failures in a row are no accident.
#define ERRORS_MAX 10
#define PROCESSES_MAX 1024

static uint64_t clock_read(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

// By how much the clock of the driver, which counts µs since the Unix epoch, is ahead of CLOCK_MONOTONIC, ns. Between
// two readings this process may have lost its core.
static uint64_t clock_offset(void) {
  uint64_t offset = 0;
  for (int i = 0; i < 5; i++) {
    uint64_t before = clock_read(CLOCK_MONOTONIC), real = clock_read(CLOCK_REALTIME);
    offset = real - before;
    if (clock_read(CLOCK_MONOTONIC) - before < CLOCKS_APART_NS) break;
  }
  return offset;
}

void device_open(struct device *self, const struct nvml *nvml, nvmlDevice_t handle, uint64_t now) {
  *self = (struct device){.handle = handle, .polled = now, .told = now, .said_bytes = GPU_UNKNOWN};
  self->stamp = (now + clock_offset()) / 1000;
  nvmlMemory_t memory;
  if (!nvml->name || nvml->name(handle, self->name, sizeof self->name) != NVML_SUCCESS) strcpy(self->name, "GPU");
  if (nvml->memory && nvml->memory(handle, &memory) == NVML_SUCCESS) self->total = memory.total;
}

// ---- Who uses it, and how much of its memory ----

void device__look(struct device *self, struct nvml *nvml, const struct identity *who) {
  static unsigned char list[PROCESSES_MAX * 32];
  unsigned int count = PROCESSES_MAX;
  memset(list, 0xa5, sizeof list);
  self->processes = self->foreign = 0;
  self->mine = false;
  self->bytes = GPU_UNKNOWN;
  if (nvml->processes(self->handle, &count, list) != NVML_SUCCESS || count > PROCESSES_MAX) return;
  if (!nvml->process_size && count) {
    // How far it has written says how much it writes for each.
    static const unsigned char untouched[8] = {0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5, 0xa5};
    nvml->process_size = memcmp(list + count * 24, untouched, sizeof untouched) == 0 ? 24 : 32;
  }
  self->processes = count;
  for (unsigned int i = 0; i < count; i++) {
    nvmlProcessInfo_v1_t info;  // how every version begins
    memcpy(&info, list + i * nvml->process_size, sizeof info);
    if (process_is_elsewhere(info.pid)) {
      self->foreign++;
      self->stranger = info.pid;
    }
    if (!identity__is(who, info.pid)) continue;
    // With instances of a GPU (MIG) a process is listed once for each that it uses.
    if (info.usedGpuMemory != NVML_VALUE_NOT_AVAILABLE)
      self->bytes = (self->mine && self->bytes != GPU_UNKNOWN ? self->bytes : 0) + info.usedGpuMemory;
    self->mine = true;
  }
}

// ---- How busy it is ----

static bool by_process(struct device *self, const struct nvml *nvml, const struct identity *who, uint64_t now,
                       struct use *use, nvmlReturn_t *code) {
  static nvmlProcessUtilizationSample_t samples[PROCESSES_MAX];
  uint64_t offset = clock_offset(), us = (now + offset) / 1000;
  uint64_t longest = now - self->polled;
  if (longest < LONGEST_NS) longest = LONGEST_NS;
  if (longest > LATE_NS) longest = LATE_NS;
  // A clock that was set back has stamps before it that lie in its future.
  uint64_t since = self->stamp < us - longest / 1000 || self->stamp > us ? us - longest / 1000 : self->stamp;
  uint64_t last = since, busy = 0;
  unsigned int count = PROCESSES_MAX;
  self->polled = now;
  *code = nvml->process_utilization ? nvml->process_utilization(self->handle, samples, &count, since)
                                    : NVML_ERROR_FUNCTION_NOT_FOUND;
  if (*code == NVML_ERROR_NOT_FOUND) *code = NVML_SUCCESS, count = 0;
  if (*code != NVML_SUCCESS) return false;
  for (unsigned int i = 0; i < count && i < PROCESSES_MAX; i++) {
    const nvmlProcessUtilizationSample_t *sample = &samples[i];
    // Figures outside of these bounds are known to occur, and to mean nothing.
    if (!identity__is(who, sample->pid) || sample->smUtil > 100 || sample->timeStamp <= last) continue;
    busy += (sample->timeStamp - last) * 1000 * sample->smUtil / 100;
    last = sample->timeStamp;
  }
  if (last == since) return false;
  self->stamp = last;
  uint64_t until = last * 1000 - offset, from = until - (last - since) * 1000;
  // Stretches do not overlap, though the two clocks drift apart.
  if (from < self->told) from = self->told;
  if (until <= from) return false;
  *use = (struct use){from, until, busy < until - from ? busy : until - from};
  self->told = until;
  return true;
}

// The GPU's own utilisation, which is the process's while it has the GPU for itself.
static bool of_device(struct device *self, const struct nvml *nvml, uint64_t now, struct use *use, nvmlReturn_t *code) {
  nvmlUtilization_t rates;
  uint64_t from = now - self->polled > LONGEST_NS ? now - LONGEST_NS : self->polled;
  self->polled = now;
  *code = nvml->rates ? nvml->rates(self->handle, &rates) : NVML_ERROR_FUNCTION_NOT_FOUND;
  if (*code != NVML_SUCCESS || self->processes != 1 || rates.gpu > 100) return false;
  *use = (struct use){from, now, (now - from) * rates.gpu / 100};
  return true;
}

static bool is_final(nvmlReturn_t code) {
  return code == NVML_ERROR_NOT_SUPPORTED || code == NVML_ERROR_NO_PERMISSION || code == NVML_ERROR_INVALID_ARGUMENT ||
         code == NVML_ERROR_FUNCTION_NOT_FOUND;
}

bool device__ask(struct device *self, const struct nvml *nvml, const struct identity *who, uint64_t now,
                 struct use *use, const char **why) {
  enum how_busy before = self->how;
  uint64_t polled = self->polled;
  bool news = false;
  for (bool again = true; again && self->how != BUSY_UNKNOWN;) {
    nvmlReturn_t code = NVML_SUCCESS;
    self->polled = polled;
    news = self->how == BUSY_BY_PROCESS ? by_process(self, nvml, who, now, use, &code)
                                        : of_device(self, nvml, now, use, &code);
    self->errors = code == NVML_SUCCESS ? 0 : self->errors + 1;
    again = is_final(code) || self->errors == ERRORS_MAX;
    if (!again) continue;
    self->errors = 0;
    self->how++;
  }
  if (self->how == before) return news;
  *why = self->how == BUSY_OF_DEVICE
             ? "The NVIDIA driver does not say how busy each process keeps this GPU. While this process is the only "
               "one on it, all of the GPU's busy time is charged to it."
             : "The NVIDIA driver does not say how busy this GPU is, as on parts of a GPU (MIG) and on virtual GPUs. "
               "No GPU time is charged to lines; its memory is shown.";
  return news;
}
