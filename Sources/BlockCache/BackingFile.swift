internal import Glibc

/// A content's data file, for somebody who reads it directly and past this cache's checksums: the kernel.
///
/// When it was handed out every byte was present and known to be right, and nothing frees any of them for as long as its
/// open file description lives. That outlives this object, and this process, where the kernel (or a `dup`) refers to it.
public final class BackingFile: Sendable {
    /// A descriptor for reading; closed with the object.
    public let descriptor: CInt

    init(descriptor: CInt) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }
}
