"""The cases, in the order of the table."""

from harness.measure import Case

from . import caches, listings, many_readers, random_reads, region, sequential, small_files, uploads

ALL: list[Case] = [
    *sequential.CASES,
    *caches.CASES,
    *random_reads.CASES,
    *many_readers.CASES,
    *region.CASES,
    *small_files.CASES,
    *uploads.CASES,
    *listings.CASES,
]
