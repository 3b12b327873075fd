internal import Glibc
internal import SystemPackage

enum SystemCall {
    /// Performs a call again for as long as a signal interrupts it, and throws what it leaves in `errno`.
    @discardableResult
    static func perform<Result: SignedInteger & FixedWidthInteger>(_ call: () -> Result) throws(Errno) -> Result {
        while true {
            let result = call()
            if result != -1 { return result }
            let error = Errno(rawValue: errno)
            if error != .interrupted { throw error }
        }
    }
}
