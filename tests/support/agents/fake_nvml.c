/* A driver for the tests: NVML's functions as the agent calls them, over a text file.
 *
 * It is loaded by the real nvidia-ml-py in place of libnvidia-ml.so.1, so that the ctypes layer,
 * the versions of structures and the error codes are the real ones. The file named by FAKE_NVML is
 * read again whenever it changes:
 *
 *   driver 580.65.06         another version later: every call answers LIB_RM_VERSION_MISMATCH
 *   init 9                   what nvmlInit answers (0: success)
 *   all 9                    what every other call answers
 *   growing 1                energy grows with real time, by the GPU's power
 *   unprivileged 1           GPU instances may not be asked for
 *   surge 2                  for so many calls, the list of processes grows in between
 *   gpu UUID ERROR MIG UTIL MEMORY_MIB POWER_MW ENERGY_MJ NAME...
 *   slice GI CI START SIZE MEMORY_MIB UUID PROFILE      of the GPU above
 *   process PID MEMORY_MIB                              of the GPU or slice above
 *   gpm PERCENT              activity of the GPU or slice above; a GPU without this line has no GPM
 *   event NUMBER TYPE DATA [GI CI]
 *                            announced of the GPU or slice above (or as if of that instance) to every
 *                            set that was registered before; numbers grow (TYPE 8 is an XID, 256 MIG cut anew)
 *   mute 1                   no GPU can announce anything
 *   hang                     no call for the GPU above comes back until the file says otherwise;
 *                            above all GPUs: nvmlInit does not
 *   crash                    the process dies in a call for the GPU above
 *   slow MS                  a look at the GPU above takes so long
 *
 * A GPU that once answered 15 is lost to this process until it initialises the library again, even
 * if another process finds it well. A value of -1 (MIG, UTIL, MEMORY_MIB, POWER_MW, ENERGY_MJ) is NOT_SUPPORTED. ERROR is what every
 * call for this GPU answers. As in a real driver, a handle of a slice that is gone is INVALID_ARGUMENT.
 */
#define NVML_NO_UNVERSIONED_FUNC_DEFS
#include <nvml.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#define GPUS 16
#define SLICES 8
#define PROCESSES 64
#define EVENTS 64
#define NONE 0xFFFFFFFF
#define SLICE_BASE 1000
#define INSTANCE_BASE 100000

typedef struct { unsigned pid; long long memory; } Process;
typedef struct {
    unsigned gi, ci, start, size;
    long long memory;
    double gpm;
    char uuid[96], profile[64];
    Process processes[PROCESSES];
    unsigned running;
} Slice;
typedef struct {
    char uuid[96], name[96];
    int error, mig, hang, crash, slow;
    double gpm;
    long long util, memory, power, energy;
    Slice slices[SLICES];
    unsigned sliced;
    Process processes[PROCESSES];
    unsigned running;
} Gpu;

typedef struct { unsigned number, gpu, gi, ci; unsigned long long type, data; } Event;
struct nvmlGpmSample_st { unsigned gpu, gi; double gpm; };

/* Each thread has what it read last, as a call sees one state from its beginning to its end. */
static __thread struct {
    char driver[80];
    int init, all, growing, unprivileged, surge, mute, hang;
    Event events[EVENTS];
    unsigned announced;
    Gpu gpus[GPUS];
    unsigned count;
} now;
static char loaded[80]; /* the version that this process loaded, for ever */
static int is_open;
static char lost[GPUS][96]; /* UUIDs, until the library is initialised again */
static unsigned registered[GPUS]; /* the number of the last event that is not told any more */
static unsigned long long recorded[GPUS]; /* which types of events are */
static __thread struct timespec seen;
static __thread off_t seen_size = -1;

static void read_line(const char *line) {
    Gpu *gpu = now.count ? &now.gpus[now.count - 1] : NULL;
    Slice *slice = gpu && gpu->sliced ? &gpu->slices[gpu->sliced - 1] : NULL;
    Gpu g = {0};
    Slice s = {0};
    Process p;
    Event e = {.gi = slice ? slice->gi : NONE, .ci = slice ? slice->ci : NONE, .gpu = now.count - 1};
    g.gpm = s.gpm = -1;
    if (sscanf(line, "driver %79s", now.driver) == 1 || sscanf(line, "init %d", &now.init) == 1
        || sscanf(line, "all %d", &now.all) == 1 || sscanf(line, "growing %d", &now.growing) == 1
        || sscanf(line, "unprivileged %d", &now.unprivileged) == 1
        || sscanf(line, "surge %d", &now.surge) == 1 || sscanf(line, "mute %d", &now.mute) == 1
        || (gpu && sscanf(line, "slow %d", &gpu->slow) == 1)
        || (gpu && sscanf(line, "gpm %lf", slice ? &slice->gpm : &gpu->gpm) == 1)) return;
    if (!strcmp(line, "hang\n")) *(gpu ? &gpu->hang : &now.hang) = 1;
    else if (!strcmp(line, "crash\n")) gpu->crash = 1;
    else if (sscanf(line, "event %u %llu %llu %u %u", &e.number, &e.type, &e.data, &e.gi, &e.ci) >= 3) now.events[now.announced++] = e;
    else
    if (sscanf(line, "gpu %95s %d %d %lld %lld %lld %lld %95[^\n]", g.uuid, &g.error, &g.mig, &g.util,
               &g.memory, &g.power, &g.energy, g.name) == 8) now.gpus[now.count++] = g;
    else if (sscanf(line, "slice %u %u %u %u %lld %95s %63s", &s.gi, &s.ci, &s.start, &s.size,
                    &s.memory, s.uuid, s.profile) == 7) gpu->slices[gpu->sliced++] = s;
    else if (sscanf(line, "process %u %lld", &p.pid, &p.memory) == 2) {
        if (slice) slice->processes[slice->running++] = p;
        else gpu->processes[gpu->running++] = p;
    } else if (line[0] != '\n' && line[0] != '#') {
        fprintf(stderr, "fake_nvml: wrong line: %s", line);
        abort();
    }
}

static void refresh(void) {
    const char *path = getenv("FAKE_NVML");
    struct stat found;
    char line[512];
    FILE *file;
    if (!path || stat(path, &found)) { fprintf(stderr, "fake_nvml: FAKE_NVML names no file\n"); abort(); }
    if (found.st_size == seen_size && found.st_mtim.tv_sec == seen.tv_sec
        && found.st_mtim.tv_nsec == seen.tv_nsec) return;
    memset(&now, 0, sizeof now);
    seen = found.st_mtim;
    seen_size = found.st_size;
    file = fopen(path, "r");
    while (fgets(line, sizeof line, file)) read_line(line);
    fclose(file);
}

/* What stands in the way of any call: not opened, driver gone, driver replaced. */
static nvmlReturn_t door(void) {
    refresh();
    if (!is_open) return NVML_ERROR_UNINITIALIZED;
    if (strcmp(loaded, now.driver)) return NVML_ERROR_LIB_RM_VERSION_MISMATCH;
    return now.all;
}

static void wedge(const char *uuid) {
    unsigned at;
    for (;;) {
        int hangs = uuid ? 0 : now.hang;
        for (at = 0; uuid && at < now.count; at++) hangs |= now.gpus[at].hang && !strcmp(now.gpus[at].uuid, uuid);
        if (!hangs) return;
        usleep(20000);
        refresh();
    }
}

/* What stands in the way of a call for this GPU. */
static nvmlReturn_t reach(unsigned index) {
    char uuid[96];
    Gpu *gpu = &now.gpus[index];
    strcpy(uuid, gpu->uuid);
    if (gpu->hang) wedge(uuid);
    if (index >= now.count) return NVML_ERROR_INVALID_ARGUMENT;
    if (gpu->crash) abort();
    if (gpu->error == NVML_ERROR_GPU_IS_LOST) strcpy(lost[index], gpu->uuid);
    return strcmp(lost[index], gpu->uuid) ? gpu->error : NVML_ERROR_GPU_IS_LOST;
}

static nvmlReturn_t find(nvmlDevice_t device, Gpu **gpu, Slice **slice) {
    uintptr_t handle = (uintptr_t)device;
    unsigned index, place;
    nvmlReturn_t code = door();
    if (code) return code;
    *slice = NULL;
    if (handle >= SLICE_BASE) {
        index = (handle - SLICE_BASE) / SLICES;
        place = (handle - SLICE_BASE) % SLICES;
        if (index >= now.count || place >= now.gpus[index].sliced) return NVML_ERROR_INVALID_ARGUMENT;
        *slice = &now.gpus[index].slices[place];
    } else {
        index = handle - 1;
        if (index >= now.count) return NVML_ERROR_INVALID_ARGUMENT;
    }
    *gpu = &now.gpus[index];
    return reach(index);
}

#define FIND Gpu *gpu; Slice *slice; nvmlReturn_t code = find(device, &gpu, &slice); if (code) return code

static nvmlReturn_t text(char *to, unsigned length, const char *from) {
    if (strlen(from) >= length) return NVML_ERROR_INSUFFICIENT_SIZE;
    strcpy(to, from);
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlInitWithFlags(unsigned flags) {
    (void)flags;
    refresh();
    if (now.hang) wedge(NULL);
    if (now.init) return now.init;
    if (!loaded[0]) strcpy(loaded, now.driver);
    if (strcmp(loaded, now.driver)) return NVML_ERROR_LIB_RM_VERSION_MISMATCH;
    is_open = 1;
    memset(lost, 0, sizeof lost);
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlShutdown(void) {
    if (!is_open) return NVML_ERROR_UNINITIALIZED;
    is_open = 0;
    return NVML_SUCCESS;
}

const char *nvmlErrorString(nvmlReturn_t result) {
    static char words[32];
    snprintf(words, sizeof words, "fake error %d", result);
    return words;
}

nvmlReturn_t nvmlSystemGetDriverVersion(char *version, unsigned length) {
    nvmlReturn_t code = door();
    return code ? code : text(version, length, now.driver);
}

nvmlReturn_t nvmlDeviceGetCount_v2(unsigned *count) {
    nvmlReturn_t code = door();
    if (!code) *count = now.count;
    return code;
}

nvmlReturn_t nvmlDeviceGetHandleByIndex_v2(unsigned index, nvmlDevice_t *device) {
    nvmlReturn_t code = door();
    if (code) return code;
    if (index >= now.count) return NVML_ERROR_INVALID_ARGUMENT;
    *device = (nvmlDevice_t)(uintptr_t)(index + 1);
    return reach(index);
}

nvmlReturn_t nvmlDeviceGetUUID(nvmlDevice_t device, char *uuid, unsigned length) {
    FIND;
    return text(uuid, length, slice ? slice->uuid : gpu->uuid);
}

nvmlReturn_t nvmlDeviceGetName(nvmlDevice_t device, char *name, unsigned length) {
    char whole[192];
    FIND;
    if (!slice) return text(name, length, gpu->name);
    snprintf(whole, sizeof whole, "%s MIG %s", gpu->name, slice->profile);
    return text(name, length, whole);
}

nvmlReturn_t nvmlDeviceGetMinorNumber(nvmlDevice_t device, unsigned *minor) {
    FIND;
    if (slice) return NVML_ERROR_NOT_SUPPORTED;
    *minor = GPUS - 1 - (gpu - now.gpus); /* never the index: the two differ on real machines */
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetUtilizationRates(nvmlDevice_t device, nvmlUtilization_t *utilization) {
    FIND;
    if (slice || gpu->mig == 1 || gpu->util < 0) return NVML_ERROR_NOT_SUPPORTED;
    utilization->gpu = gpu->util;
    utilization->memory = 0;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetPowerUsage(nvmlDevice_t device, unsigned *power) {
    FIND;
    if (slice || gpu->power < 0) return NVML_ERROR_NOT_SUPPORTED;
    *power = gpu->power;
    return NVML_SUCCESS;
}

#ifndef OLD_DRIVER
nvmlReturn_t nvmlDeviceGetTotalEnergyConsumption(nvmlDevice_t device, unsigned long long *energy) {
    struct timespec at;
    FIND;
    if (slice || gpu->energy < 0) return NVML_ERROR_NOT_SUPPORTED;
    *energy = gpu->energy;
    if (now.growing) {
        clock_gettime(CLOCK_REALTIME, &at);
        *energy += gpu->power * ((at.tv_sec - seen.tv_sec) * 1000 + (at.tv_nsec - seen.tv_nsec) / 1000000) / 1000;
    }
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetMemoryInfo_v2(nvmlDevice_t device, nvmlMemory_v2_t *memory) {
    long long used;
    FIND;
    if (memory->version != nvmlMemory_v2) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    used = slice ? slice->memory : gpu->memory;
    if (used < 0) return NVML_ERROR_NOT_SUPPORTED;
    memory->total = 80ULL << 30;
    memory->reserved = 0;
    memory->used = (unsigned long long)used << 20;
    memory->free = memory->total - memory->used;
    return NVML_SUCCESS;
}
#endif

nvmlReturn_t nvmlDeviceGetMigMode(nvmlDevice_t device, unsigned *current, unsigned *pending) {
    FIND;
    if (gpu->slow) usleep(gpu->slow * 1000);
    if (gpu->mig < 0) return NVML_ERROR_NOT_SUPPORTED;
    if (gpu->mig > 1) return gpu->mig;
    *current = *pending = gpu->mig;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetMaxMigDeviceCount(nvmlDevice_t device, unsigned *count) {
    FIND;
    *count = gpu->mig == 1 ? 7 : 0;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetMigDeviceHandleByIndex(nvmlDevice_t device, unsigned index, nvmlDevice_t *mig) {
    FIND;
    if (gpu->mig != 1) return NVML_ERROR_NOT_SUPPORTED;
    if (index >= gpu->sliced) return NVML_ERROR_NOT_FOUND;
    *mig = (nvmlDevice_t)(SLICE_BASE + (uintptr_t)(gpu - now.gpus) * SLICES + index);
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetGpuInstanceId(nvmlDevice_t device, unsigned *id) {
    FIND;
    if (!slice) return NVML_ERROR_INVALID_ARGUMENT;
    *id = slice->gi;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetComputeInstanceId(nvmlDevice_t device, unsigned *id) {
    FIND;
    if (!slice) return NVML_ERROR_INVALID_ARGUMENT;
    *id = slice->ci;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetGpuInstanceById(nvmlDevice_t device, unsigned id, nvmlGpuInstance_t *instance) {
    unsigned place;
    FIND;
    if (now.unprivileged) return NVML_ERROR_NO_PERMISSION;
    for (place = 0; place < gpu->sliced; place++)
        if (gpu->slices[place].gi == id) {
            *instance = (nvmlGpuInstance_t)(INSTANCE_BASE + (uintptr_t)(gpu - now.gpus) * SLICES + place);
            return NVML_SUCCESS;
        }
    return NVML_ERROR_NOT_FOUND;
}

nvmlReturn_t nvmlGpuInstanceGetInfo(nvmlGpuInstance_t instance, nvmlGpuInstanceInfo_t *info) {
    uintptr_t place = (uintptr_t)instance - INSTANCE_BASE;
    Slice *slice;
    nvmlReturn_t code = door();
    if (code) return code;
    slice = &now.gpus[place / SLICES].slices[place % SLICES];
    memset(info, 0, sizeof *info);
    info->id = slice->gi;
    info->placement.start = slice->start;
    info->placement.size = slice->size;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetComputeRunningProcesses_v3(nvmlDevice_t device, unsigned *count, nvmlProcessInfo_t *infos) {
    static unsigned calls;
    unsigned running, at;
    Process *processes;
    FIND;
    processes = slice ? slice->processes : gpu->processes;
    running = slice ? slice->running : gpu->running;
    if (now.surge > (int)calls) {
        calls++;
        *count = infos ? *count + 1 : running; /* by the time it is read the list has outgrown it */
        return NVML_ERROR_INSUFFICIENT_SIZE;
    }
    if (*count < running || (running && !infos)) { *count = running; return NVML_ERROR_INSUFFICIENT_SIZE; }
    for (at = 0; at < running; at++) {
        memset(&infos[at], 0, sizeof infos[at]);
        infos[at].pid = processes[at].pid;
        infos[at].usedGpuMemory = processes[at].memory < 0 ? NVML_VALUE_NOT_AVAILABLE : (unsigned long long)processes[at].memory << 20;
        infos[at].gpuInstanceId = slice ? slice->gi : 0xFFFFFFFF;
        infos[at].computeInstanceId = slice ? slice->ci : 0xFFFFFFFF;
    }
    *count = running;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlEventSetCreate(nvmlEventSet_t *set) {
    nvmlReturn_t code = door();
    *set = (nvmlEventSet_t)registered;
    memset(recorded, 0, sizeof recorded);
    return code;
}

nvmlReturn_t nvmlEventSetFree(nvmlEventSet_t set) {
    (void)set;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceGetSupportedEventTypes(nvmlDevice_t device, unsigned long long *types) {
    FIND;
    *types = now.mute ? 0 : nvmlEventTypeXidCriticalError | nvmlEventMigConfigChange | nvmlEventTypeClock;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlDeviceRegisterEvents(nvmlDevice_t device, unsigned long long types, nvmlEventSet_t set) {
    unsigned at;
    FIND;
    (void)set;
    if (types & ~(unsigned long long)(nvmlEventTypeXidCriticalError | nvmlEventMigConfigChange)) return NVML_ERROR_NOT_SUPPORTED;
    recorded[gpu - now.gpus] = types;
    registered[gpu - now.gpus] = 0;
    for (at = 0; at < now.announced; at++)
        if (&now.gpus[now.events[at].gpu] == gpu && now.events[at].number > registered[gpu - now.gpus])
            registered[gpu - now.gpus] = now.events[at].number;
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlEventSetWait_v2(nvmlEventSet_t set, nvmlEventData_t *data, unsigned timeout) {
    unsigned at;
    nvmlReturn_t code = door();
    if (code) return code;
    if (set != (nvmlEventSet_t)registered) return NVML_ERROR_INVALID_ARGUMENT;
    for (at = 0; at < now.announced; at++) {
        Event *event = &now.events[at];
        if (event->number <= registered[event->gpu] || !(event->type & recorded[event->gpu])) continue;
        registered[event->gpu] = event->number;
        data->device = (nvmlDevice_t)(uintptr_t)(event->gpu + 1);
        data->eventType = event->type;
        data->eventData = event->type == nvmlEventTypeXidCriticalError ? event->data : 0;
        data->gpuInstanceId = event->gi;
        data->computeInstanceId = event->ci;
        return NVML_SUCCESS;
    }
    for (at = 0; at < now.count; at++)
        if (recorded[at] && now.gpus[at].error == NVML_ERROR_GPU_IS_LOST) return NVML_ERROR_GPU_IS_LOST;
    if (timeout) for (;;) pause(); /* nobody may wait here */
    return NVML_ERROR_TIMEOUT;
}

#ifndef OLD_DRIVER
nvmlReturn_t nvmlGpmQueryDeviceSupport(nvmlDevice_t device, nvmlGpmSupport_t *support) {
    FIND;
    if (support->version != NVML_GPM_SUPPORT_VERSION) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    support->isSupportedDevice = !(gpu->gpm < 0); /* so that «nan» is a value too */
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlGpmSampleAlloc(nvmlGpmSample_t *sample) {
    *sample = calloc(1, sizeof **sample);
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlGpmSampleFree(nvmlGpmSample_t sample) {
    free(sample);
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlGpmSampleGet(nvmlDevice_t device, nvmlGpmSample_t sample) {
    FIND;
    if (gpu->gpm < 0 || (gpu->mig == 1 && !slice)) return NVML_ERROR_NOT_SUPPORTED;
    *sample = (struct nvmlGpmSample_st){gpu - now.gpus, slice ? slice->gi : NONE, slice ? slice->gpm : gpu->gpm};
    return NVML_SUCCESS;
}

nvmlReturn_t nvmlGpmMigSampleGet(nvmlDevice_t device, unsigned instance, nvmlGpmSample_t sample) {
    unsigned place;
    FIND;
    for (place = 0; place < gpu->sliced; place++)
        if (gpu->slices[place].gi == instance) {
            *sample = (struct nvmlGpmSample_st){gpu - now.gpus, instance, gpu->slices[place].gpm};
            return gpu->gpm < 0 ? NVML_ERROR_NOT_SUPPORTED : NVML_SUCCESS;
        }
    return NVML_ERROR_INVALID_ARGUMENT;
}

nvmlReturn_t nvmlGpmMetricsGet(nvmlGpmMetricsGet_t *wanted) {
    nvmlReturn_t code = door();
    if (code) return code;
    if (wanted->version != NVML_GPM_METRICS_GET_VERSION) return NVML_ERROR_ARGUMENT_VERSION_MISMATCH;
    if (wanted->numMetrics != 1 || wanted->metrics[0].metricId != NVML_GPM_METRIC_GRAPHICS_UTIL
        || wanted->sample1->gpu != wanted->sample2->gpu || wanted->sample1->gi != wanted->sample2->gi)
        return NVML_ERROR_INVALID_ARGUMENT;
    wanted->metrics[0].nvmlReturn = NVML_SUCCESS;
    wanted->metrics[0].value = wanted->sample2->gpm;
    return NVML_SUCCESS;
}
#endif
