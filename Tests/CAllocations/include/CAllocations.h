#ifndef CALLOCATIONS_H
#define CALLOCATIONS_H

/// How often the calling thread has allocated memory so far: the calls of malloc and its relatives, by anything in the
/// process. Always 0 under a sanitizer, which brings an allocator of its own.
long CAllocations_count(void);

/// Whether allocations are counted.
int CAllocations_isCounting(void);

#endif
