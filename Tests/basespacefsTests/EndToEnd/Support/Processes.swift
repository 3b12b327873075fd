import Foundation

/// The processes of this machine, as `/proc` shows them.
struct Processes {
    let pid: Int32
    let arguments: [String]

    /// Whether a text is part of an argument.
    func mentions(_ text: String) -> Bool {
        arguments.contains { $0.contains(text) }
    }

    /// Whether a text is part of its environment.
    func hasInEnvironment(_ text: String) -> Bool {
        let environment = FileManager.default.contents(atPath: "/proc/\(pid)/environ") ?? Data()
        return environment.range(of: Data(text.utf8)) != nil
    }

    #if arch(x86_64)
    /// write, close, dup2, rename, unlink, unlinkat, renameat, dup3, renameat2
    private static let changes: Set = [1, 3, 33, 82, 87, 263, 264, 292, 316]
    #else
    /// dup3, unlinkat, renameat, close, write, renameat2
    private static let changes: Set = [24, 35, 38, 57, 64, 276]
    #endif

    /// Whether a process waits in a system call that changes a file or ends a change of one.
    static func waitsInChange(_ pid: Int32) -> Bool {
        // Says `running` while it does not wait.
        let call = (try? String(contentsOfFile: "/proc/\(pid)/syscall", encoding: .utf8)) ?? ""
        return call.split(separator: " ").first.flatMap { Int($0) }.map(changes.contains) ?? false
    }

    /// All that run, but for this one. Those that have ended and wait for their parent have no arguments.
    static var all: [Processes] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
        return names.compactMap { Int32($0) }.filter { $0 != getpid() }.compactMap { pid in
            guard let line = FileManager.default.contents(atPath: "/proc/\(pid)/cmdline"), !line.isEmpty else {
                return nil
            }
            let arguments = line.split(separator: 0).map { String(decoding: $0, as: UTF8.self) }
            return Processes(pid: pid, arguments: arguments)
        }
    }
}
