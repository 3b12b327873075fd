#pragma once

// The library's interface as of 3.12: the newest that Debian 12's libfuse 3.14 offers.
#define FUSE_USE_VERSION 312

// What the C library declares stays that of its own module, whichever of the two is loaded first.
#pragma clang module import SwiftGlibc

#include <fuse3/fuse_lowlevel.h>

// The kernel's side of the protocol.
#include <linux/fuse.h>

#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>

/// FUSE_DIRECT_IO_ALLOW_MMAP (Linux 6.6, protocol 7.39), bit 36 of INIT's flags, as a bit of `flags2`.
static const uint32_t cfuse_direct_io_allow_mmap_flag2 = 1u << 4;

// Passthrough (Linux 6.9, protocol 7.40), which the headers of Debian 12 (7.38) don't know yet.

/// FUSE_PASSTHROUGH, bit 37 of INIT's flags, as a bit of `flags2`.
static const uint32_t cfuse_passthrough_flag2 = 1u << 5;
/// The minor version of the protocol that brought it.
static const uint32_t cfuse_passthrough_minor = 40;
/// FOPEN_PASSTHROUGH: the answer to OPEN names a backing file, in the word that was padding.
static const uint32_t cfuse_open_passthrough = 1u << 7;

/// struct fuse_open_out, whose last word was padding before.
struct cfuse_open_out {
    uint64_t fh;
    uint32_t open_flags;
    int32_t backing_id;
};
_Static_assert(sizeof(struct cfuse_open_out) == sizeof(struct fuse_open_out), "the answer to OPEN has another size");

/// Sets `max_stack_depth` of an answer to INIT: the word after `flags2`, unused before.
static inline void cfuse_set_max_stack_depth(struct fuse_init_out *_Nonnull answer, uint32_t depth) {
    memcpy((char *)answer + offsetof(struct fuse_init_out, flags2) + sizeof answer->flags2, &depth, sizeof depth);
}

/// struct fuse_backing_map.
struct cfuse_backing_map {
    int32_t fd;
    uint32_t flags;
    uint64_t padding;
};

/// FUSE_DEV_IOC_BACKING_OPEN: makes a file known to the connection on `device`. Its id, which is above 0, or -1 with
/// errno set: EPERM without CAP_SYS_ADMIN, ELOOP for a file on a stacked file system, ENOTTY from older kernels. A shim
/// because ioctl() is variadic.
static inline int cfuse_backing_open(int device, int file) {
    struct cfuse_backing_map map = {.fd = file, .flags = 0, .padding = 0};
    return ioctl(device, _IOW(229, 1, struct cfuse_backing_map), &map);
}

/// FUSE_DEV_IOC_BACKING_CLOSE: forgets an id. Whoever has a file open by it reads on. 0, or -1 with errno set.
static inline int cfuse_backing_close(int device, int id) {
    uint32_t number = (uint32_t)id;
    return ioctl(device, _IOW(229, 2, uint32_t), &number);
}

/// Has the kernel ask at the next look whether a name still means the same, without taking the directory entry away from who
/// stands in it (Linux 6.2; older kernels forget the name). 0, or a negative errno. libfuse took a word of flags at first, and
/// then none.
static inline int cfuse_notify_expire_entry(
    struct fuse_session *_Nonnull session, fuse_ino_t parent, const char *_Nonnull name, size_t length
) {
    typedef int (*without_flags)(struct fuse_session *, fuse_ino_t, const char *, size_t);
    typedef int (*with_flags)(struct fuse_session *, fuse_ino_t, const char *, size_t, unsigned);
    return _Generic(&fuse_lowlevel_notify_expire_entry,
        without_flags: ((without_flags)fuse_lowlevel_notify_expire_entry)(session, parent, name, length),
        default: ((with_flags)fuse_lowlevel_notify_expire_entry)(session, parent, name, length, FUSE_EXPIRE_ONLY));
}

// What a session waits with; Swift's Glibc module leaves these headers out.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/xattr.h>
