#pragma once

// The library's interface as of 3.12: the newest that Debian 12's libfuse 3.14 offers.
#define FUSE_USE_VERSION 312
#include <fuse3/fuse_lowlevel.h>
