import CLinux
import FUSEAdapter
import FoundationEssentials
import Glibc
import SystemPackage

/// Asks mounts for their status, and waits for no longer than it says.
///
/// Who reads in a mount whose process hangs can't be stopped by anything, not even by a signal: so `cat` reads, and is
/// left to itself when it takes too long. It is not started again for a mount as long as it hangs there.
final class StatusReader {
    /// What came of it.
    enum Answer {
        /// The file as it is, and what it says.
        case status(json: String, StatusReport)
        /// Why there is none, in words that go on after the mount point's name.
        case problem(String)
    }

    private let patience: Duration
    private var stuck: [String: ChildProcess] = [:]

    /// A reader that waits so long for all mounts together.
    init(patience: Duration) {
        self.patience = patience
    }

    /// Asks these mounts, all at once; an answer for each, in their order.
    func ask(_ entries: [MountTable.Entry]) -> [Answer] {
        let deadline = ContinuousClock.now + patience
        let beginnings = entries.map { begin($0) }
        Self.wait(
            for: beginnings.compactMap { if case .asked(let question) = $0 { question } else { nil } },
            until: deadline
        )
        return zip(entries, beginnings).map { entry, beginning in
            switch beginning {
            case .failed(let errno):
                return .problem("can't be asked: cat can't be started: \(errno)")
            case .stuck:
                return .problem(Self.silence(of: entry, for: patience))
            case .asked(let question):
                if let answer = question.answer(until: deadline) { return answer }
                question.child.send(SIGKILL)
                stuck[entry.device] = question.child.poll() == nil ? question.child : nil
                return .problem(Self.silence(of: entry, for: patience))
            }
        }
    }

    private enum Beginning {
        case asked(Question)
        /// An earlier question waits there still.
        case stuck
        case failed(Errno)
    }

    private func begin(_ entry: MountTable.Entry) -> Beginning {
        if let child = stuck[entry.device] {
            guard child.poll() != nil else { return .stuck }
            stuck[entry.device] = nil
        }
        do throws(Errno) {
            return .asked(try Question(entry))
        } catch {
            return .failed(error)
        }
    }

    /// Reads what comes, until all is there.
    private static func wait(for questions: [Question], until deadline: ContinuousClock.Instant) {
        while true {
            let open = questions.filter { !$0.isRead }
            let left = ContinuousClock.now.duration(to: deadline)
            guard !open.isEmpty, left > .zero else { return }
            var descriptors = open.map { pollfd(fd: $0.descriptor, events: Int16(POLLIN), revents: 0) }
            poll(&descriptors, nfds_t(descriptors.count), CInt(clamping: Int64(left / .milliseconds(1)) + 1))
            for (question, descriptor) in zip(open, descriptors) where descriptor.revents != 0 {
                question.read()
            }
        }
    }

    private static func silence(of entry: MountTable.Entry, for patience: Duration) -> String {
        let record = MountRecord.Reader(device: entry.device, user: entry.userID ?? geteuid())
        let pid = record.map(\.content.pid) ?? 0
        let advice = pid > 0 ? "`kill -9 \(pid)` ends its process; what is not uploaded is kept" : "its process hangs"
        return "does not answer within \(patience.components.seconds) s: \(advice)"
    }
}

/// A `cat` that reads one mount's status.
private final class Question {
    let child: ChildProcess
    private let mountPoint: String
    private let pipe: Pipe
    private var bytes: [UInt8] = []
    private(set) var isRead = false

    init(_ entry: MountTable.Entry) throws(Errno) {
        mountPoint = entry.mountPoint
        var pipe = try Pipe()
        var launch = ChildProcess.Launch(
            program: "cat",
            arguments: ["--", FilePath(entry.mountPoint).appending(".basespacefs/status.json").string]
        )
        // Its words are looked at.
        launch.environment["LC_ALL"] = "C"
        launch.hasEmptyInput = true
        launch.output = pipe.writeEnd
        launch.errors = pipe.writeEnd
        // Ctrl-C is for who started this one.
        launch.leadsSession = true
        child = try ChildProcess.start(launch)
        pipe.closeWriteEnd()
        self.pipe = pipe
    }

    /// Where what it reads comes out.
    var descriptor: CInt { pipe.readEnd }

    /// Takes what has come; called when something has.
    func read() {
        var piece = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &piece, piece.count)
        if count < 0, errno == EINTR { return }
        bytes += piece.prefix(max(0, count))
        isRead = count <= 0
    }

    /// What came of it; `nil` if it has not ended.
    func answer(until deadline: ContinuousClock.Instant) -> StatusReader.Answer? {
        guard isRead, let termination = end(until: deadline) else { return nil }
        let text = String(decoding: bytes, as: UTF8.self)
        guard termination == .exited(0) else { return .problem(Self.words(for: text, of: mountPoint)) }
        let decoder = JSONDecoder()
        decoder.dateDecodingStrategy = .iso8601
        guard let report = try? decoder.decode(StatusReport.self, from: Data(bytes)) else {
            return .problem("is served by another version of basespacefs, whose status this one can't read")
        }
        return .status(json: text, report)
    }

    /// Its end, which comes right after the end of its output.
    private func end(until deadline: ContinuousClock.Instant) -> ChildProcess.Termination? {
        while true {
            if let termination = child.poll() { return termination }
            guard ContinuousClock.now < deadline else { return nil }
            var pause = CLinux_interval(0, 1_000_000)
            nanosleep(&pause, nil)
        }
    }

    /// `cat: PATH: REASON`.
    private static func words(for complaint: String, of mountPoint: String) -> String {
        let line = complaint.split(separator: "\n").last.map { String($0) } ?? ""
        let reason = line.split(separator: ": ").last.map { String($0) } ?? "no reason given"
        switch reason {
        case "Transport endpoint is not connected", "Software caused connection abort":
            return "its process is gone: fusermount3 -uz '\(mountPoint)', then mount again"
        case "No such file or directory":
            return "is served by a version of basespacefs that does not tell its status"
        default:
            return "can't be asked: \(reason)"
        }
    }
}
