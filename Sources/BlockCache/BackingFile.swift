internal import CLinux
internal import Glibc

/// A content's data file, for somebody who reads it directly and past this cache's checksums: the kernel.
///
/// When it was handed out every byte was present and known to be right, and nothing frees any of them for as long as its
/// open file description lives. That outlives this object, and this process, where the kernel (or a `dup`) refers to it.
public final class BackingFile: Sendable {
    /// A descriptor for reading; closed with the object.
    public let descriptor: CInt

    private let size: Int64

    init(descriptor: CInt, size: Int64) {
        self.descriptor = descriptor
        self.size = size
    }

    /// Whether nearly all of it is in the kernel's page cache; true where the kernel does not say (before 6.5).
    public var isInPageCache: Bool {
        let pages = CLinux_cachedPages(descriptor)
        return pages < 0 || pages * Int64(getpagesize()) >= size / 10 * 9
    }

    deinit {
        close(descriptor)
    }
}
