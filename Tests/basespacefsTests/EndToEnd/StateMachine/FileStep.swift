import Glibc
import TestSupport

/// One step of a random sequence. Descriptors have numbers of the sequence's own; a step that names one that is not open
/// does nothing, so that steps can be left out.
enum FileStep: Sendable {
    case open(Int, path: String, flags: Int32)
    case close(Int)
    case read(Int, offset: Int, count: Int)
    case write(Int, offset: Int, count: Int, seed: UInt64)
    /// At the descriptor's own position.
    case continueWriting(Int, count: Int, seed: UInt64)
    case resize(Int, to: Int)
    case synchronize(Int)
    case truncate(String, to: Int)
    case rename(String, to: String)
    case unlink(String)
    case makeDirectory(String)
    case removeDirectory(String)
    case stat(String)
    case list(String)
    case readBack(String)
    /// Asks for the session to be completed.
    case complete
    /// Unmounts, and mounts again.
    case remount
    /// Kills the daemon, and mounts again.
    case kill
}

/// Makes sequences of steps from a seed.
struct StepGenerator {
    private var random: SeededGenerator
    private let files: [String]
    private let directories = ["d", "e", "d/e", "d/.h"]
    private static let descriptors = 5
    /// Those that are open if all went well.
    private var open: Set<Int> = []

    /// - Parameter names: How many names of files the sequence plays with. Where a file can't be changed once it was
    ///   closed, few are soon used up.
    init(seed: UInt64, names: Int) {
        random = SeededGenerator(seed: seed)
        let places = ["", "", "d/", "", "e/", "d/e/", "d/.h/"]
        files = (0..<names).map { index in
            places[index % places.count] + (index % 5 == 3 ? ".f\(index)" : "f\(index)")
        }
    }

    mutating func steps(_ count: Int) -> [FileStep] {
        [.makeDirectory("d")] + (0..<count).map { _ in next() }
    }

    private mutating func next() -> FileStep {
        switch below(100) {
        case 0..<18: return opening()
        case 18..<40: return writing()
        case 40..<48: return .read(descriptor(), offset: size(), count: 1 + below(70_000))
        case 48..<54: return .resize(descriptor(), to: size())
        case 54..<57: return .synchronize(descriptor())
        case 57..<69: return closing()
        case 69..<72: return .truncate(file(), to: below(3) == 0 ? 0 : size())
        case 72..<79: return .rename(file(), to: below(12) == 0 ? directory() : file())
        case 79..<83: return .unlink(below(8) == 0 ? directory() : file())
        case 83..<88: return .makeDirectory(below(8) == 0 ? file() : directory())
        case 88..<90: return .removeDirectory(below(8) == 0 ? file() : directory())
        case 90..<92: return .stat(below(4) == 0 ? file() + "/x" : file())
        case 92..<94: return .list(directory())
        case 94..<96: return .readBack(file())
        case 96: return below(3) == 0 ? .complete : .readBack(file())
        case 97: return remounting(.remount)
        case 98: return remounting(.kill)
        default: return opening()
        }
    }

    private mutating func opening() -> FileStep {
        let number = below(Self.descriptors)
        open.insert(number)
        let access = [O_RDONLY, O_WRONLY, O_WRONLY, O_RDWR, O_RDWR][below(5)]
        var flags = access
        if below(4) > 0 { flags |= O_CREAT }
        if below(6) == 0 { flags |= O_EXCL | O_CREAT }
        if access != O_RDONLY, below(4) == 0 { flags |= O_TRUNC }
        if access != O_RDONLY, below(4) == 0 { flags |= O_APPEND }
        return .open(number, path: below(30) == 0 ? directory() : file(), flags: flags)
    }

    private mutating func writing() -> FileStep {
        let count =
            switch below(40) {
            case 0: 6 << 20
            case 1..<5: 1 + below(400_000)
            default: 1 + below(20_000)
            }
        if below(2) == 0 { return .continueWriting(descriptor(), count: count, seed: random.next()) }
        return .write(descriptor(), offset: size(), count: count, seed: random.next())
    }

    private mutating func closing() -> FileStep {
        let number = descriptor()
        open.remove(number)
        return .close(number)
    }

    private mutating func remounting(_ step: FileStep) -> FileStep {
        open = []
        return step
    }

    /// A size or an offset: mostly small, now and then of several parts.
    private mutating func size() -> Int {
        switch below(40) {
        case 0: below(12 << 20)
        case 1..<8: 4096 * below(64)
        default: below(100_000)
        }
    }

    /// Mostly one that is open.
    private mutating func descriptor() -> Int {
        guard below(10) > 0, !open.isEmpty else { return below(Self.descriptors) }
        return open.sorted()[below(open.count)]
    }

    private mutating func file() -> String { files[below(files.count)] }

    private mutating func directory() -> String { directories[below(directories.count)] }

    private mutating func below(_ end: Int) -> Int { Int.random(in: 0..<end, using: &random) }
}

extension FileStep: CustomStringConvertible {
    var description: String {
        switch self {
        case .open(let number, let path, let flags): "\(number) = open \(path) \(Self.names(of: flags))"
        case .close(let number): "close \(number)"
        case .read(let number, let offset, let count): "read \(number): \(count) at \(offset)"
        case .write(let number, let offset, let count, _): "write \(number): \(count) at \(offset)"
        case .continueWriting(let number, let count, _): "write \(number): \(count)"
        case .resize(let number, let size): "ftruncate \(number) to \(size)"
        case .synchronize(let number): "fsync \(number)"
        case .truncate(let path, let size): "truncate \(path) to \(size)"
        case .rename(let old, let new): "rename \(old) to \(new)"
        case .unlink(let path): "unlink \(path)"
        case .makeDirectory(let path): "mkdir \(path)"
        case .removeDirectory(let path): "rmdir \(path)"
        case .stat(let path): "stat \(path)"
        case .list(let path): "ls \(path)"
        case .readBack(let path): "cat \(path)"
        case .complete: "echo complete > Status"
        case .remount: "remount"
        case .kill: "kill -9 and remount"
        }
    }

    private static func names(of flags: Int32) -> String {
        let access = [O_RDONLY: "O_RDONLY", O_WRONLY: "O_WRONLY", O_RDWR: "O_RDWR"][flags & O_ACCMODE] ?? "?"
        let others = [(O_CREAT, "O_CREAT"), (O_EXCL, "O_EXCL"), (O_TRUNC, "O_TRUNC"), (O_APPEND, "O_APPEND")]
        return ([access] + others.filter { flags & $0.0 != 0 }.map(\.1)).joined(separator: "|")
    }
}
