/// Remembers for every mebibyte of a file which version of the file changed it last, so that an uploader knows which of
/// the parts that it sent are stale.
///
/// The map is a list of runs, each of which reaches to the start of the next one and the last one to the end of time:
/// a sparse file of many terabytes costs one run per hole, a file that is written in order one per mebibyte (16 bytes,
/// 4 MB for a file of 250 GB).
struct ChangeMap: Hashable, Sendable {
    /// Parts are whole mebibytes (`PartLayout`), so a change never makes a part stale that it did not touch.
    static let granule: Int64 = 1 << 20

    private struct Run: Hashable, Sendable {
        /// In granules.
        var start: Int64
        var version: UInt64
    }

    /// Sorted by `start`; the first starts at 0.
    private var runs = [Run(start: 0, version: 0)]

    /// Notes that `version` changed the bytes of `range`. Versions never shrink from call to call.
    mutating func record(_ range: Range<Int64>, version: UInt64) {
        guard !range.isEmpty else { return }
        let granules = Self.granules(of: range)
        let first = indexOfRun(containing: granules.lowerBound)
        let last = indexOfRun(containing: granules.upperBound)

        // Small writes, one after the other, stay inside one granule's run.
        if runs[first].start == granules.lowerBound, last == first + 1, runs[last].start == granules.upperBound {
            runs[first].version = version
            return
        }
        var replacement = [Run(start: granules.lowerBound, version: version)]
        var end = last
        if runs[last].start < granules.upperBound {
            replacement.append(Run(start: granules.upperBound, version: runs[last].version))
            end += 1
        }
        let start = runs[first].start < granules.lowerBound ? first + 1 : first
        runs.replaceSubrange(start..<end, with: replacement)
    }

    /// The newest version that changed a byte near `range`; 0 when none did.
    func lastChange(in range: Range<Int64>) -> UInt64 {
        guard !range.isEmpty else { return 0 }
        let granules = Self.granules(of: range)
        var newest: UInt64 = 0
        for run in runs[indexOfRun(containing: granules.lowerBound)...] {
            if run.start >= granules.upperBound { break }
            newest = max(newest, run.version)
        }
        return newest
    }

    private static func granules(of range: Range<Int64>) -> Range<Int64> {
        range.lowerBound / granule..<(range.upperBound - 1) / granule + 1
    }

    /// The last run that starts at or before `position`, by bisection.
    private func indexOfRun(containing position: Int64) -> Int {
        var low = 0
        var high = runs.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if runs[middle].start <= position {
                low = middle
            } else {
                high = middle
            }
        }
        return low
    }
}
