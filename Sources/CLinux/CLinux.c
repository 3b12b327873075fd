#define _GNU_SOURCE
#include "CLinux.h"

#include <fcntl.h>
#include <linux/falloc.h>
#include <malloc.h>
#include <pthread.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/sendfile.h>
#include <sys/xattr.h>
#include <unistd.h>

int CLinux_pipe(int descriptors[2]) { return pipe2(descriptors, O_CLOEXEC); }

int CLinux_setDumpable(int isDumpable) { return prctl(PR_SET_DUMPABLE, isDumpable, 0, 0, 0); }

int CLinux_setParentDeathSignal(int signal) { return prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0); }

int CLinux_limitMallocArenas(int count) { return mallopt(M_ARENA_MAX, count); }

int CLinux_setThreadName(const char *name) { return pthread_setname_np(pthread_self(), name); }

const char *CLinux_errorName(int number) { return strerrorname_np(number); }

int CLinux_addCloseFrom(posix_spawn_file_actions_t *actions, int lowest)
{
    return posix_spawn_file_actions_addclosefrom_np(actions, lowest);
}

int CLinux_addChangeDirectory(posix_spawn_file_actions_t *actions, const char *path)
{
    return posix_spawn_file_actions_addchdir_np(actions, path);
}

short CLinux_spawnInNewSession(void) { return POSIX_SPAWN_SETSID; }

int CLinux_directIOFlag(void) { return O_DIRECT; }

int CLinux_allocate(int file, int mode, long long offset, long long length)
{
    return fallocate(file, mode, offset, length);
}

int CLinux_punchHole(int file, long long offset, long long length)
{
    return fallocate(file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, offset, length);
}

int CLinux_writeBack(int file, long long offset, long long length)
{
    return sync_file_range(
        file, offset, length, SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER);
}

int CLinux_createMemoryFile(const char *name) { return memfd_create(name, MFD_CLOEXEC); }

// Linux 6.5; the headers of Debian 12 don't have it.
#define CLINUX_CACHESTAT 451

long long CLinux_cachedPages(int file)
{
    struct { unsigned long long offset, length; } range = {0, 0};
    struct { unsigned long long cached, dirty, writeback, evicted, recently_evicted; } pages = {0};
    return syscall(CLINUX_CACHESTAT, file, &range, &pages, 0) == 0 ? (long long)pages.cached : -1;
}

int CLinux_readIntoPageCache(int file, long long offset, long long length)
{
    int nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    if (nowhere < 0) return -1;
    off_t position = offset;
    off_t end = offset + length;
    ssize_t count = 1;
    while (position < end && count > 0) count = sendfile(nowhere, file, &position, end - position);
    close(nowhere);
    return count < 0 ? -1 : 0;
}

int CLinux_syncFileSystem(int file)
{
    return syncfs(file);
}

long CLinux_extendedAttribute(const char *path, const char *name, void *value, unsigned long size)
{
    return getxattr(path, name, value, size);
}

struct timespec CLinux_interval(long seconds, long nanoseconds)
{
    return (struct timespec){.tv_sec = seconds, .tv_nsec = nanoseconds};
}

int CLinux_windowSize(int terminal, int *rows, int *columns)
{
    struct winsize size;
    if (ioctl(terminal, TIOCGWINSZ, &size) != 0) return -1;
    *rows = size.ws_row;
    *columns = size.ws_col;
    return 0;
}
