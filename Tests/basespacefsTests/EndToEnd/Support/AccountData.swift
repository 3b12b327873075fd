import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport

/// What an account holds at the service: a directory in the simulator's layout.
struct AccountData: Sendable {
    /// The root of the layout.
    let directory: FilePath
    /// Keeps a temporary directory for as long as it is used.
    private let owner: TemporaryDirectory?

    private init(directory: FilePath, owner: TemporaryDirectory?) {
        self.directory = directory
        self.owner = owner
    }

    /// The simulator's own project.
    static let demo = AccountData(directory: Simulator.demoDataDirectory, owner: nil)

    /// Files of random bytes.
    ///
    /// - Parameter sizes: bytes by paths such as `projects/P/samples/S/a.bin`.
    static func random(_ sizes: [String: Int]) async throws -> AccountData {
        try await script(
            """
            while read -r size path; do
                mkdir -p "$(dirname "$path")"
                head -c "$size" /dev/urandom > "$path"
            done <<< "$1"
            """,
            sizes.map { "\($0.value) \($0.key)" }.joined(separator: "\n")
        )
    }

    /// What a script for bash writes into the layout; the directory is the script's own.
    static func script(_ text: String, _ arguments: String...) async throws -> AccountData {
        try await script(text, arguments)
    }

    /// The same with a list of arguments.
    static func script(_ text: String, _ arguments: [String]) async throws -> AccountData {
        let owner = try TemporaryDirectory(prefix: "data")
        try await Shell.output(
            ["bash", "-euo", "pipefail", "-c", "cd \"$0\" && \(text)", owner.path.string] + arguments
        )
        return AccountData(directory: owner.path, owner: owner)
    }

    /// An alignment of some 25 MB over 1.2 million bases, sorted and indexed, and nothing else: the demo's reads once
    /// more for each stretch of the genome. Written once, on first use.
    static func bigAlignment() async throws -> AccountData {
        try await bigAlignmentOnce.value
    }

    private static let bigAlignmentOnce = Task {
        let data = try await script(
            """
            files=projects/P/appresults/Big
            mkdir -p $files
            bam="$1/projects/Lambda phage: resequencing/appresults/Lambda-1 BWA/Lambda-1.bam"
            {
                printf '@HD\\tVN:1.6\\tSO:coordinate\\n@SQ\\tSN:genome\\tLN:1250000\\n'
                for copy in {0..24}; do
                    samtools view -F 12 "$bam" | awk -v OFS='\\t' -v by=$((copy * 49000)) '
                        { $1 = by "." $1; $3 = "genome"; $4 += by; $8 += by; print }'
                done
            } | samtools view -u - | samtools sort -l 0 -o $files/big.bam -
            samtools index $files/big.bam
            """,
            Simulator.demoDataDirectory.string
        )
        removedAtExit = data.directory.string
        atexit { try? FileManager.default.removeItem(atPath: removedAtExit) }
        return data
    }

    /// Written once, before the process is told to read it at its end.
    nonisolated(unsafe) private static var removedAtExit = ""
}
