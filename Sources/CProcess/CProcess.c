#define _GNU_SOURCE
#include "CProcess.h"

#include <fcntl.h>
#include <malloc.h>
#include <pthread.h>
#include <sys/prctl.h>
#include <unistd.h>

int CProcess_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int CProcess_setDumpable(int isDumpable) { return prctl(PR_SET_DUMPABLE, isDumpable, 0, 0, 0); }

int CProcess_setParentDeathSignal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

int CProcess_limitMallocArenas(int count) { return mallopt(M_ARENA_MAX, count); }

int CProcess_setThreadName(const char *name) { return pthread_setname_np(pthread_self(), name); }

int CProcess_addCloseFrom(posix_spawn_file_actions_t *actions, int lowest)
{
    return posix_spawn_file_actions_addclosefrom_np(actions, lowest);
}

int CProcess_addChangeDirectory(posix_spawn_file_actions_t *actions, const char *path)
{
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

short CProcess_spawnInNewSession(void) { return POSIX_SPAWN_SETSID; }
