import BaseSpaceSimulator
import Foundation
import TestSupport
import Testing

extension EndToEnd {
    /// What the kernel and this process are asked for by programs that go through directories.
    @Suite("Going through many directories")
    struct ListingTests {
        private static let directories = 6
        private static let files = 40
        private static let count = directories * files
        private static let place = "Projects/P/Samples/S/Files"

        private static func using(_ body: (Mount) async throws -> Void) async throws {
            let names = (1...directories).flatMap { directory in
                (1...files).map { "projects/P/samples/S/d\(directory)/f\($0)" }
            }
            let data = try await AccountData.random(Dictionary(uniqueKeysWithValues: names.map { ($0, 10) }))
            try await Mount.using(data, body)
        }

        /// The lookups that reached the mount while a command ran, the first of the test that is asked about.
        private static func lookups(in mount: Mount, during command: String) async throws -> Double {
            let before = try await report(of: mount)
            try await mount.output(command)
            // The kernel keeps a report for a second. Each new one is different: the look at the last one was counted.
            try await eventually("there is a new report") { try await report(of: mount) != before }
            return try lookups(await report(of: mount)) - lookups(before)
        }

        private static func report(of mount: Mount) async throws -> String {
            try await mount.output("cat .basespacefs/metrics")
        }

        private static func lookups(_ report: String) throws -> Double {
            try MetricsText(report).samples[#"basespacefs_operations_total{operation="lookup"}"#] ?? 0
        }

        @Test(
            "Who wants to know sizes and times has them without a call for each file",
            arguments: ["ls -lR", "find -H", "du -ab", "rsync -nr", "tar -cf /dev/null"]
        )
        func attributes(tool: String) async throws {
            try await Self.using { mount in
                let arguments =
                    switch tool {
                    case "find -H": " -size -11c -mtime -1000 -printf '%s %p\\n'"
                    case "rsync -nr": "/ $WORK/nowhere"
                    default: ""
                    }
                let lookups = try await Self.lookups(in: mount, during: "\(tool) \(Self.place)\(arguments) > $WORK/out")
                // At most one directory's files, and each directory's name.
                #expect(lookups < Double(2 * Self.files + Self.directories), "\(tool)")
            }
        }

        @Test("Who wants names has them without leaving inodes behind, and all is there when it is looked at")
        func names() async throws {
            try await Self.using { mount in
                try await mount.output("find \(Self.place) -type f | sort > $WORK/found")
                #expect(try await mount.output("wc -l < $WORK/found") == "\(Self.count)\n")
                let lookups = try await Self.lookups(
                    in: mount,
                    during: "xargs stat -c %s < $WORK/found | uniq > $WORK/sizes"
                )
                #expect(try await mount.output("cat $WORK/sizes") == "10\n")
                // All but those of the first directory.
                #expect(lookups >= Double(Self.count - Self.files))
                #expect(
                    try await mount.output("find \(Self.place) -type f -size -11c | sort | cmp - $WORK/found") == ""
                )
                try await mount.output("diff -r \(Self.place) $DATA/projects/P/samples/S")
            }
        }
    }
}
