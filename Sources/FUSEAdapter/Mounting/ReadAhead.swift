import Logging
import SystemPackage

/// The kernel's read-ahead of a mount.
///
/// It starts at 128 KiB, and INIT can only lower it. With 1 MiB a sequential reader sends an eighth of the requests,
/// which saves up to 0.25 s of CPU per GiB; more gains nothing, since the file system reads ahead itself. Only root may
/// change it, and only after the kernel has taken in the answer to INIT, which sets it too.
enum ReadAhead {
    private static let kibibytes = 1024

    /// Raises the read-ahead of a mount, known by its device number, where that is possible.
    static func raise(of device: String, logger: Logger) {
        let setting = FilePath("/sys/class/bdi/\(device)/read_ahead_kb")
        guard let text = SmallFile.read(setting), let current = Int(text.prefix { !$0.isNewline }) else { return }
        guard current < kibibytes else { return }
        if !SmallFile.write("\(kibibytes)", to: setting) {
            logger.debug("The kernel's read-ahead stays at \(current) KiB: \(setting) is not writable")
        }
    }
}
