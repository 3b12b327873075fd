import BaseSpaceFileSystem
import Glibc
import Synchronization
import SystemPackage
import TestSupport

/// A backing in a temporary file, which is locked for as long as somebody refers to what was lent of it.
final class LocalBacking: FileBacking {
    let content: String
    private let directory: TemporaryDirectory
    private let file: FilePath
    private let lent = Atomic(0)

    init(_ bytes: [UInt8], named content: String = "content") throws {
        self.content = content
        directory = try TemporaryDirectory(prefix: "backing")
        file = try directory.write(bytes, to: "file")
    }

    /// How often it was asked for.
    var count: Int { lent.load(ordering: .relaxed) }

    /// Whether nobody, the kernel included, refers to it.
    var isFree: Bool {
        let descriptor = open(file.string, O_RDONLY)
        defer { close(descriptor) }
        return flock(descriptor, LOCK_EX | LOCK_NB) == 0
    }

    func withDescriptor(_ body: (CInt) -> Void) {
        lent.add(1, ordering: .relaxed)
        let descriptor = open(file.string, O_RDONLY | O_CLOEXEC)
        defer { close(descriptor) }
        flock(descriptor, LOCK_SH)
        body(descriptor)
    }
}

/// A backing that the kernel can't take.
struct UnusableBacking: FileBacking {
    let content = "content"

    func withDescriptor(_ body: (CInt) -> Void) {
        let descriptor = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC)
        defer { close(descriptor) }
        body(descriptor)
    }
}
