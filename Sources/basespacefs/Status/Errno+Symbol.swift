import CLinux
import SystemPackage

extension Errno {
    /// Its name in C, such as `ENOENT`; its number where the C library has no name for it.
    var symbol: String {
        CLinux_errorName(rawValue).map { String(cString: $0) } ?? String(rawValue)
    }
}
