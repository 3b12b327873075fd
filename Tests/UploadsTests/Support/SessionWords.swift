@testable import Uploads

extension [UploadSession.Action] {
    /// What is asked for, in words that a test can compare.
    var words: [String] {
        compactMap { action in
            switch action {
            case .remember: nil
            case .send(.whole(let size)): "whole \(size)"
            case .send(.begin): "begin"
            case .send(.part(let part, _)): "part \(part.number)"
            case .send(.complete): "complete"
            case .send(.abort): "abort"
            case .send(.find): "find"
            case .send(.inspect): "inspect"
            case .send(.pause(let attempt)): "pause \(attempt)"
            case .send(.digest(let part)): "digest \(part.number)"
            case .send(.awaitGrowth(let end, let floor)): "await \(end) or \(floor)"
            case .cancelRequests: "cancel"
            case .restart(let failure): "restart \(failure.word)"
            case .finish(_, let version): "finish \(version)"
            case .fail(let failure): "fail \(failure.word)"
            }
        }
    }

    /// What is to be remembered.
    var notes: [UploadSession.Note] {
        compactMap { action in
            if case .remember(let note) = action { note } else { nil }
        }
    }
}

extension StagedContents {
    /// Writes in one go, and is finished.
    mutating func write(_ range: Range<Int64>) {
        wrote(range)
        seal()
    }

    /// Moves the end, and is finished.
    mutating func truncate(to size: Int64) {
        truncated(to: size)
        seal()
    }
}

extension UploadFailure {
    fileprivate var word: String {
        switch self {
        case .service: "service"
        case .unreadable: "unreadable"
        case .damaged: "damaged"
        case .changed: "changed"
        case .tooLarge: "too large"
        case .cancelled: "cancelled"
        }
    }
}
