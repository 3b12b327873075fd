#pragma once
// Calls and constants of Linux that the C library declares for _GNU_SOURCE only, which Swift's importer doesn't set.
#include <linux/falloc.h>
#include <linux/memfd.h>
#include <linux/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

/// O_DIRECT, whose value differs between architectures. (From here and not from <fcntl.h>, which would make `struct stat`
/// this module's.)
static inline int CLinux_O_DIRECT(void) {
#if defined(__aarch64__) || defined(__arm__)
    return 0200000;
#elif defined(__powerpc__)
    return 0400000;
#else
    return 040000;
#endif
}

/// Frees the file's blocks in a range; the size stays, and what is read there is zeros. 0, or -1 with errno set
/// (EOPNOTSUPP where the file system can't).
static inline int CLinux_punch_hole(int file, long long offset, long long length) {
    return (int)syscall(SYS_fallocate, file, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)length);
}

/// A file in anonymous memory, closed on exec: its descriptor, or -1 with errno set.
static inline int CLinux_memfd_create(const char *_Nonnull name) {
    return (int)syscall(SYS_memfd_create, name, MFD_CLOEXEC);
}

/// Names the calling thread in ps and top (at most 15 bytes).
static inline void CLinux_name_thread(const char *_Nonnull name) { syscall(SYS_prctl, PR_SET_NAME, name, 0, 0, 0); }
