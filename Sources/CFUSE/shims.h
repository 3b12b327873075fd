#pragma once

// The library's interface as of 3.12: the newest that Debian 12's libfuse 3.14 offers.
#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>

// The kernel's side of the protocol.
#include <linux/fuse.h>

// What a session waits with; Swift's Glibc module leaves these headers out.
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/prctl.h>
#include <sys/xattr.h>

/// Names the calling thread for whoever looks at `top -H`; at most 15 bytes of the name are kept. A shim because
/// prctl() is variadic.
static inline void cfuse_name_thread(const char *_Nonnull name) {
    prctl(PR_SET_NAME, name, 0, 0, 0);
}
