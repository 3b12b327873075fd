internal import GRDB
internal import SystemPackage

/// Why the journal could not be read or written.
struct JournalFault: Error, CustomStringConvertible {
    enum Kind {
        /// The file is no database, or is damaged.
        case damaged
        /// A later version of the program has changed its tables.
        case newer
        case other
    }

    let kind: Kind
    /// What comes closest in POSIX.
    let errno: Errno
    /// What SQLite or the system said, without values of the statement.
    let description: String

    /// What means something to who writes a file. Anything else is EIO.
    private static func errno(for code: ResultCode) -> Errno {
        switch code {
        // The second: the index beside the log can't grow.
        case .SQLITE_FULL, .SQLITE_IOERR_SHMSIZE: .noSpace
        case .SQLITE_READONLY: .readOnlyFileSystem
        case .SQLITE_NOMEM: .noMemory
        case .SQLITE_PERM: .permissionDenied
        default: .ioError
        }
    }

    private init(_ kind: Kind, _ errno: Errno, _ description: String) {
        (self.kind, self.errno, self.description) = (kind, errno, description)
    }

    init(_ error: any Error) {
        guard let error = error as? DatabaseError else {
            self.init(.other, .ioError, "\(error)")
            return
        }
        let primary = error.resultCode
        self.init(
            primary == .SQLITE_CORRUPT || primary == .SQLITE_NOTADB ? .damaged : .other,
            Self.errno(for: error.extendedResultCode),
            error.message ?? "\(primary)"
        )
    }

    /// The file can't be opened or created.
    init(opening error: Errno) {
        self.init(.other, error, "\(error)")
    }

    /// Damage that SQLite did not stumble over by itself.
    init(damage: String) {
        self.init(.damaged, .ioError, damage)
    }

    static let newer = JournalFault(.newer, .notSupported, "a later version of basespacefs has written it")
}

extension UploadError {
    /// The journal can't be used.
    init(journal: FilePath, _ fault: JournalFault, advice: String? = nil) {
        let standard =
            switch fault.kind {
            case .damaged: "the next mount sets it aside and begins a new one"
            case .newer: "use that version"
            case .other: "check its disk and its permissions"
            }
        self.init(
            code: .journalUnavailable,
            message: "Journal '\(journal)' can't be used: \(fault); \(advice ?? standard)",
            underlying: nil,
            systemError: fault.errno
        )
    }
}
