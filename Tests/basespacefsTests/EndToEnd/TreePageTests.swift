import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// basespacefs-tree(7), compared with a tree that has everything.
    @Suite("The manual page of the tree")
    struct TreePageTests {
        private static let entities = [
            "Projects/<project>", "Projects/<project>/Samples/<sample>", "Projects/<project>/AppResults/<appresult>",
            "Projects/<project>/Datasets/<dataset>", "AppSessions/<session>", "Runs/<run>", "BioSamples/<biosample>",
            "Genomes/<genome>",
        ]
        private static let collections = [
            "Projects", "Projects/<project>/Samples", "Projects/<project>/AppResults", "Projects/<project>/Datasets",
            "Projects/<project>/AppSessions", "Runs", "AppSessions", "BioSamples", "BioSamples/<biosample>/Datasets",
            "Genomes",
        ]
        private static let files = "Projects/<project>/AppResults/<appresult>/Files"

        /// The directories that the title above a table means; the root is the empty one.
        private static func directories(_ place: String) -> [String] {
            switch place {
            case "/", "Directories of entities": [""]
            case "*/Properties/": entities.filter { !$0.hasPrefix("Genomes") }.map { $0 + "/Properties" }
            case "Every entity": entities
            case "Every collection": collections
            case "Every directory":
                [
                    "", ".by-id", ".basespacefs", files, files + ".metadata",
                    files.replacing("/Files", with: "/Properties"),
                ]
                    + entities + collections
            default:
                [
                    String(
                        (place.hasPrefix("*/Files.metadata") ? files + place.dropFirst("*/Files".count) : place[...])
                            .dropLast()
                    )
                ]
            }
        }

        private static let examples = [
            "project": "Trio", "sample": "S1", "appresult": "Calls", "dataset": "Calls", "session": "Analysis",
            "run": "Exp 1", "biosample": "S1", "genome": "PhiX - Illumina (RTA)", "status": "Running",
            "string": "App.String", "list": "App.List", "n": "0", "reference": "App.Reference",
            "references": "App.References", "map": "App.Map", "maps": "App.Maps", "key": "key", "bam": "Lambda-1.bam",
            "vcf": "variants/Lambda-1.vcf.gz", "chrom": WholeAccount.chromosome, "start": "1", "end": "2000",
        ]

        /// The files and directories of the places that have some.
        private static let contents = [
            "AppResults/<appresult>": ("Lambda-1.bam", "variants"), "Datasets/<dataset>": ("Lambda-1.bam", "variants"),
            "Samples/<sample>": ("S1_R1.fastq.gz", "d"), "AppSessions/<session>": ("app.log", "steps"),
            "Runs/<run>": ("RunInfo.xml", "Data"),
        ]

        /// One path in the fixture for a pattern of the page; `nil` for a place that is not filled.
        private func example(_ name: String, in directory: String, _ whole: WholeAccount) async throws -> String? {
            let pattern = directory.isEmpty ? name : directory + "/" + name
            var path = pattern
            let content = Self.contents.first { pattern.contains($0.key) }?.value ?? ("", "")
            path = path.replacing("<file>", with: content.0).replacing("<directory>", with: content.1)
            path = path.replacing(
                "Projects/<project>/AppSessions/<session>",
                with: "Projects/Trio/AppSessions/Analysis"
            )
            if path.hasPrefix(".by-id") {
                path = path.replacing("<kind>", with: "samples").replacing("<id>", with: whole.sample.id)
            }
            if path.contains("AppSessions/<session>/Samples.<id>") {
                path = path.replacing("<session>", with: "Sequencing").replacing("<id>", with: whole.sample.id)
            }
            path = path.replacing("AppResults.<id>", with: "AppResults.\(whole.appResult.id)")
            path = path.replacing("<biosample>/Datasets/<dataset>", with: "S1/Datasets/S1")
            for (word, example) in Self.examples {
                path = path.replacing("<\(word)>", with: example)
            }
            if path.hasSuffix(".id.<id>") {
                let collection = String(path.dropLast("/.id.<id>".count))
                let id = try await whole.mount.output(#"cat "$1"/"$(ls "$1" | head -n 1)"/.id"#, collection)
                path = path.replacing("<id>", with: id.trimmingCharacters(in: .newlines))
            }
            return path
        }

        private func hasExample(_ row: TreePage.Row, in directory: String) -> Bool {
            switch row.place {
            case "*/Properties/": directory.contains("<appresult>")
            case "/": row.name != ".appsession"
            default: true
            }
        }

        @Test("Each row is there, is the kind it says, is listed or not as it says, and makes the calls it says")
        func rows() async throws {
            let rows = try TreePage().rows
            #expect(rows.count > 90)
            try await WholeAccount.using { whole in
                for row in rows {
                    for directory in Self.directories(row.place) where hasExample(row, in: directory) {
                        guard let path = try await example(row.name, in: directory, whole) else { continue }
                        #expect(!path.contains("<"), "\(row): no example: \(path)")
                        try await check(row, at: path, whole)
                    }
                }
            }
        }

        private func check(_ row: TreePage.Row, at path: String, _ whole: WholeAccount) async throws {
            let simulator = whole.simulator
            try await whole.mount.output("echo refresh > .commands")
            simulator.resetRequests()
            let look =
                switch row.kind {
                case .directory: #"ls "$1" > /dev/null"#
                case .link: #"readlink "$1" > /dev/null"#
                case .file: #"cat "$1" > /dev/null"#
                }
            let shown = try await whole.mount.run(
                "\(look) && find \"$1\" -prune -printf %y && "
                    + #"cd "$(dirname "$1")" && ls -A | grep -cFx "$(basename "$1")""#,
                path
            )
            #expect(shown.errors.isEmpty, "\(row) at '\(path)': \(shown.errors)")
            #expect(shown.output == "\(row.kind.letter)\(row.isHidden ? 0 : 1)\n", "\(row) at '\(path)'")
            let asked = simulator.requests.filter { $0.listener == .api }.map(\.path)
            // A state that a listing has just told is not asked for.
            for call in row.calls where row.age != "state" && !call.hasPrefix("the ") && !call.hasPrefix("{kind}") {
                let path = call.hasPrefix("v2/") ? "/\(call)" : "/v1pre3/\(call)"
                let pattern = try Regex(path.replacing(#/\{[a-z]+\}/#, with: "[^/]+"))
                #expect(asked.contains { $0.wholeMatch(of: pattern) != nil }, "\(row): \(call) is not among \(asked)")
            }
        }

        @Test("Everything that listings show is in the tables", arguments: [false, true])
        func completeness(listsMetadata: Bool) async throws {
            let patterns = try TreePage().rows.flatMap { row in
                try Self.directories(row.place).map { directory in
                    (row.kind.letter, try Self.pattern(directory.isEmpty ? row.name : directory + "/" + row.name))
                }
            }
            try await WholeAccount.using(options: { _ in listsMetadata ? ["-o", "listmeta"] : [] }) { whole in
                let everywhere = try Regex(#"(.+/)?\.(error|commands)"#)
                let find = "find * .by-id .basespacefs \(WholeAccount.appResult)/Files.metadata"
                let shown = try await whole.mount.output("\(find) -printf '%y %p\\n'").split(separator: "\n")
                #expect(shown.count > (listsMetadata ? 300 : 100))
                #expect(shown.contains { $0.hasSuffix("/.json") && !$0.contains("Files.metadata") } == listsMetadata)
                for line in shown where !line.hasSuffix(".by-id") && !line.hasSuffix(".basespacefs") {
                    let (kind, path) = (line.prefix(1), line.dropFirst(2))
                    let isKnown = patterns.contains { $0.0 == kind && path.wholeMatch(of: $0.1) != nil }
                    let isOwn = path.hasSuffix("/Files.metadata") || path.wholeMatch(of: everywhere) != nil
                    #expect(isKnown || isOwn, "'\(path)' is in no table")
                }
            }
        }

        /// Matches all paths that a row means: what is below `Files` may be anywhere there.
        private static func pattern(_ path: String) throws -> Regex<AnyRegexOutput> {
            let escaped = path.replacing(".", with: "\\.").replacing("(", with: "\\(")
            let deep = escaped.replacing(#/<(file|directory|bam|vcf)>/#, with: ".+")
            let wide = deep.replacing(#/AppResults/<appresult>/Files\\.metadata/#, with: "[^/]+/[^/]+/Files\\.metadata")
            return try Regex(wide.replacing(#/<[a-z]+>/#, with: "[^/]+"))
        }
    }
}
