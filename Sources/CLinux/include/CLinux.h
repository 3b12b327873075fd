#pragma once

// Calls of Linux and glibc that Swift can't make itself: prctl is variadic, and the others are declared only under
// _GNU_SOURCE, with which the module of the C library is not built. Each returns what the wrapped call returns.

#include <spawn.h>
#include <time.h>

/// A pipe whose two ends close on exec. 0, or -1 with errno set.
int CLinux_pipe(int descriptors[_Nonnull 2]);

/// Sets whether the process may be dumped and traced (PR_SET_DUMPABLE). 0, or -1 with errno set.
int CLinux_setDumpable(int isDumpable);

/// The signal this process gets when the thread that started it ends (PR_SET_PDEATHSIG). It reaches nobody when that
/// thread has ended before the call. 0, or -1 with errno set.
int CLinux_setParentDeathSignal(int signal);

/// Caps the number of malloc arenas (M_ARENA_MAX). 1, or 0 when glibc refuses.
int CLinux_limitMallocArenas(int count);

/// Names the calling thread, for ps and debuggers; at most 15 bytes. 0 or an errno.
int CLinux_setThreadName(const char *_Nonnull name);

/// The name of an errno, such as `ENOENT`; NULL for a number that is none.
const char *_Nullable CLinux_errorName(int number);

/// In the child, closes all descriptors from `lowest` up. 0 or an errno.
int CLinux_addCloseFrom(posix_spawn_file_actions_t *_Nonnull actions, int lowest);

/// In the child, changes the working directory. 0 or an errno.
int CLinux_addChangeDirectory(posix_spawn_file_actions_t *_Nonnull actions, const char *_Nonnull path);

/// The flag of posix_spawnattr_setflags that makes the child the leader of a session of its own.
short CLinux_spawnInNewSession(void);

/// O_DIRECT, whose value differs between architectures.
int CLinux_directIOFlag(void);

/// Frees the file's blocks in a range; the size stays, and what is read there is zeros. 0, or -1 with errno set
/// (EOPNOTSUPP where the file system can't).
int CLinux_punchHole(int file, long long offset, long long length);

/// fallocate(2): allocates or frees space in a range of the file, by mode. 0, or -1 with errno set (EOPNOTSUPP where the
/// file system can't).
int CLinux_allocate(int file, int mode, long long offset, long long length);

/// Writes a range of the file's dirty pages to the disk and waits for them. No promise for a power failure: fdatasync
/// gives that. 0, or -1 with errno set (ESPIPE, EINVAL where the file system can't).
int CLinux_writeBack(int file, long long offset, long long length);

/// A file in anonymous memory, closed on exec: its descriptor, or -1 with errno set.
int CLinux_createMemoryFile(const char *_Nonnull name);

/// The pages of a file that are in the page cache (cachestat), or -1 with errno set (ENOSYS before Linux 6.5).
long long CLinux_cachedPages(int file);

/// Reads a range of a file into the page cache without copying it anywhere. 0, or -1 with errno set.
int CLinux_readIntoPageCache(int file, long long offset, long long length);

/// Writes all that is dirty on a file system to its disk, and waits for it. 0, or -1 with errno set, also for what went
/// wrong since the descriptor was opened.
int CLinux_syncFileSystem(int file);

/// An extended attribute of what a path leads to (getxattr): its length, or -1 with errno set.
long CLinux_extendedAttribute(const char *_Nonnull path, const char *_Nonnull name, void *_Nonnull value, unsigned long size);

/// How many characters a terminal's window has (TIOCGWINSZ), 0 where it is not known. 0, or -1 with errno set.
/// `struct winsize` has the same trouble in Swift as the next one.
int CLinux_windowSize(int terminal, int *_Nonnull rows, int *_Nonnull columns);

/// A length of time. Swift's own way of making one is taken for part of whatever module included <time.h> first, and
/// which one that is changes with the order in which files are compiled.
struct timespec CLinux_interval(long seconds, long nanoseconds);
