import Glibc
import SystemPackage

/// Takes mounts away from outside of the process that serves them.
enum FuserMount {
    /// Why a mount could not be taken away.
    enum Problem: Error, Equatable, CustomStringConvertible {
        /// Somebody uses it.
        case busy
        /// Anything else, in words.
        case other(String)

        var description: String {
            switch self {
            case .busy: "it is busy"
            case .other(let message): message
            }
        }
    }

    /// Unmounts: as root by the system call, otherwise by `fusermount3`, which may do it for its own user's mounts.
    static func unmount(_ mountPoint: FilePath) throws(Problem) {
        if geteuid() == 0 {
            guard umount2(mountPoint.string, 0) != 0 else { return }
            throw errno == EBUSY ? .busy : .other("\(Errno(rawValue: errno))")
        }
        let (termination, errors) = try run(["-u", "--", mountPoint.string])
        guard termination != .exited(0) else { return }
        // fusermount3 prints the system's text for EBUSY.
        throw errors.contains("busy") ? .busy : .other(errors.isEmpty ? "\(termination)" : errors)
    }

    /// Takes what is left of a mount out of the tree, used or not.
    static func detach(_ mountPoint: FilePath) {
        guard BaseSpaceMounts.current()[mountPoint] != nil else { return }
        if geteuid() == 0 {
            umount2(mountPoint.string, CInt(MNT_DETACH))
        } else {
            _ = try? run(["-u", "-z", "--", mountPoint.string])
        }
    }

    private static func run(_ arguments: [String]) throws(Problem) -> (ChildProcess.Termination, errors: String) {
        do throws(Errno) {
            var pipe = try Pipe()
            let child = try ChildProcess.start(
                ChildProcess.Launch(program: "fusermount3", arguments: arguments, errors: pipe.writeEnd)
            )
            pipe.closeWriteEnd()
            let errors = pipe.readAll().split(separator: "\n").joined(separator: "; ")
            return (child.wait(), errors)
        } catch {
            throw .other("can't run fusermount3: \(error)")
        }
    }
}
