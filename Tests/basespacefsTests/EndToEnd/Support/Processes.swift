import Foundation

/// The processes of this machine, as `/proc` shows them.
struct Processes {
    let pid: Int32
    let arguments: [String]

    /// Whether a text is part of an argument.
    func mentions(_ text: String) -> Bool {
        arguments.contains { $0.contains(text) }
    }

    /// Whether a process sleeps; a simple tool does so only in a call that waits.
    static func sleeps(_ pid: Int32) -> Bool {
        let line = (try? String(contentsOfFile: "/proc/\(pid)/stat", encoding: .utf8)) ?? ""
        return line.split(separator: ")").last?.hasPrefix(" S") ?? false
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
