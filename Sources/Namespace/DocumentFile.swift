public import BaseSpaceAPI

/// A text that is asked for when somebody looks at it, and kept for a while: `stat` tells its exact size, since tools
/// trust that.
public enum DocumentFile: Hashable, Sendable {
    /// `.json`: the whole reply of the API.
    case json(Subject)
    /// `SampleProperties`: what labs' scripts read of a sample, a line each.
    case sampleProperties(of: EntityID)
    /// `.status` of a run: its state, in a line.
    case status(ofRun: EntityID)
    /// `LaunchPayload`: what an AppSession was launched with, ready to be launched again.
    case launchPayload(of: EntityID)
    /// `Content/Url`: where the bytes of a file are, for as long as the URL is valid.
    case contentURL(of: EntityID)
    /// `Coverage/<chrom>:<start>-<end>`
    case coverage(of: EntityID, in: GenomicRegion)
    /// `Coverage/<chrom>.meta`
    case coverageMeta(of: EntityID, chromosome: String)
    /// `Variants/<chrom>:<start>-<end>`
    case variants(of: EntityID, in: GenomicRegion)
    /// `Variants/header`
    case variantHeader(of: EntityID)
    /// A file of `.basespacefs/`.
    case report(String)

    /// What a `.json` is of.
    public enum Subject: Hashable, Sendable {
        case user
        case entity(EntityKey)
        case collection(EntityCollection)
        case file(EntityID)
    }

    /// Whether it is made here and costs nothing: it is made anew each time.
    public var isReport: Bool {
        if case .report = self { true } else { false }
    }
}

/// A stretch of a chromosome, as `chr1:100-200` names it; positions count from 1 and the end belongs to it.
public struct GenomicRegion: Hashable, Sendable {
    public let chromosome: String
    public let start: Int
    public let end: Int

    /// Reads `<chrom>:<start>-<end>`; `nil` for anything else. The name of the chromosome may contain colons.
    public init?(_ text: String) {
        guard let colon = text.lastIndex(of: ":") else { return nil }
        let ends = text[text.index(after: colon)...].split(separator: "-", omittingEmptySubsequences: false)
        guard ends.count == 2, let start = Int(ends[0]), let end = Int(ends[1]), start >= 1, end >= start,
            colon > text.startIndex
        else { return nil }
        self.chromosome = String(text[..<colon])
        self.start = start
        self.end = end
    }
}
