import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("An object store that misbehaves under a reader")
    struct ReadFaultTests {
        private static let size = 3 << 20

        /// Faults that meet the GETs of one file.
        private static func fault(_ effect: Fault.Effect, _ file: String, skipping: Int = 0, count: Int? = nil) -> Fault
        {
            Fault(effect, on: .init(listener: .objectStore, path: "*/\(file)", skipping: skipping, count: count))
        }

        @Test("What passes is not seen: every file reads right")
        func passing() async throws {
            let faults: [String: [Fault]] = [
                "reset": [Self.fault(.reset(afterBytes: 100_000), "reset", count: 3)],
                "reset-at-once": [Self.fault(.reset(afterBytes: 0), "reset-at-once", count: 2)],
                "short": [Self.fault(.shortBody(afterBytes: 70_001), "short", count: 3)],
                "always-short": [Self.fault(.shortBody(afterBytes: 300_000), "always-short")],
                "range": [Self.fault(.contentRange("bytes 7-99/\(Self.size)"), "range", count: 2)],
                "no-range": [Self.fault(.ignoreRange, "no-range", count: 2)],
                "retry-after": [Self.fault(.status(503, headers: ["Retry-After": "1"]), "retry-after", count: 2)],
                "too-many": [Self.fault(.status(429), "too-many", count: 2)],
                "failing": [Self.fault(.status(500), "failing", count: 3)],
                "refused-once": [Self.fault(.status(403), "refused-once", count: 1)],
                "slow": [Self.fault(.bandwidth(1_500_000), "slow")],
                "slow-and-short": [
                    Self.fault(.bandwidth(3_000_000), "slow-and-short"),
                    Self.fault(.shortBody(afterBytes: 200_000), "slow-and-short", count: 4),
                ],
            ]
            let data = try await AccountData.random(
                Dictionary(uniqueKeysWithValues: faults.keys.map { ("projects/P/samples/S/\($0)", Self.size) })
            )
            try await Mount.using(data) { mount in
                mount.account.simulator.setFaults(faults.values.flatMap { $0 })
                for file in faults.keys.sorted() {
                    let result = try await mount.run(
                        "cmp Projects/P/Samples/S/Files/$1 $DATA/projects/P/samples/S/$1",
                        file
                    )
                    #expect(result.status == 0, "\(file): \(result.errors)\(result.output)")
                }
            }
        }

        @Test("What stays is the right error, never wrong bytes; once it is over the file reads right")
        func lasting() async throws {
            let cases: [(file: String, effect: Fault.Effect, message: String)] = [
                ("forbidden", .status(403), "Permission denied"),
                ("gone", .status(404), "Stale file handle"),
                ("changed", .status(412), "Stale file handle"),
                ("other-range", .contentRange("bytes 0-9/\(Self.size)"), "Input/output error"),
                ("broken", .status(500), "Input/output error"),
            ]
            let data = try await AccountData.random(
                Dictionary(uniqueKeysWithValues: cases.map { ("projects/P/samples/S/\($0.file)", Self.size) })
            )
            try await Mount.using(data) { mount in
                mount.account.simulator.setFaults(cases.map { Self.fault($0.effect, $0.file) })
                // At once: some are given up after many attempts only.
                try await withThrowingTaskGroup { group in
                    for (file, _, message) in cases {
                        group.addTask {
                            try await mount.expect(
                                "cat Projects/P/Samples/S/Files/\(file) > $WORK/\(file)",
                                failsWith: message
                            )
                            #expect(try await mount.output("stat -c %s $WORK/\(file)") == "0\n", "\(file)")
                        }
                    }
                    try await group.waitForAll()
                }
                mount.account.simulator.setFaults([])
                for (file, _, _) in cases {
                    let result = try await mount.run(
                        "cmp Projects/P/Samples/S/Files/$1 $DATA/projects/P/samples/S/$1",
                        file
                    )
                    #expect(result.status == 0, "\(file): \(result.errors)\(result.output)")
                }
            }
        }

        @Test("Signed URLs that expire while a file is open are renewed")
        func expiry() async throws {
            let data = try await AccountData.random(["projects/P/samples/S/f": 24 << 20])
            try await Mount.using(data) { mount in
                let simulator = mount.account.simulator
                let file = "Projects/P/Samples/S/Files/f"
                try await mount.output("cmp -n 1000 \(file) $DATA/projects/P/samples/S/f")
                simulator.advanceClock(by: .seconds(30 * 86_400))
                try await mount.output("cmp \(file) $DATA/projects/P/samples/S/f")
                let refusals = simulator.requests.filter { $0.listener == .objectStore && $0.status == 403 }
                #expect(!refusals.isEmpty, "the first URL had expired")
            }
        }

        @Test("URLs that live for three seconds serve a reader that takes longer")
        func shortLives() async throws {
            let data = try await AccountData.random(["projects/P/samples/S/f": 6 << 20])
            try await Mount.using(data, configure: { $0.urlLifetime = .seconds(3) }) { mount in
                mount.account.simulator.setFaults([.init(.bandwidth(400_000), on: .init(listener: .objectStore))])
                try await mount.output("cmp Projects/P/Samples/S/Files/f $DATA/projects/P/samples/S/f")
            }
        }

        /// Opens a file and reads its head.
        ///
        /// - Returns: What has the same reader go on, expects that it gets ESTALE, and no byte.
        private func readTheHead(of file: String, in mount: Mount) async throws -> () async throws -> Void {
            let replaced = mount.account.home.file("replaced").string
            try await Shell.output(["mkfifo", replaced])
            let reader = try mount.start(
                "bash",
                "-c",
                """
                exec 3< '\(file)'; dd bs=4096 count=1 status=none <&3 > $WORK/head; : < '\(replaced)'
                LC_ALL=C dd bs=1M skip=20 status=none <&3 > $WORK/tail
                """
            )
            try await eventually("it has read the head") { try await mount.run("test -s $WORK/head").status == 0 }
            return {
                try await Shell.output(["bash", "-c", ": > '\(replaced)'"])
                let end = try await reader.result()
                #expect(end.status != 0 && end.errors.contains("Stale file handle"), "\(end.errors)")
                #expect(try await mount.output("stat -c %s $WORK/tail") == "0\n")
            }
        }

        @Test("Content that is replaced at the service is ESTALE for who has it open, and new for who opens it later")
        func replaced() async throws {
            try await Mount.using(
                .random(["projects/P/samples/S/x": 1]),
                options: "--metadata-ttl",
                "1",
                configure: { $0.samePath = .replace }
            ) { mount in
                let service = ServiceClient(mount.account.simulator)
                let result = try await mount.makeAppResult()
                let file = mount.absolute(result.files + "/f")
                await service.upload([UInt8](repeating: 1, count: 24 << 20), named: "f", toAppResult: result.id)
                let goOn = try await readTheHead(of: file, in: mount)
                await service.upload([UInt8](repeating: 2, count: 24 << 20), named: "f", toAppResult: result.id)
                try await goOn()
                try await eventually("who opens it anew gets the new content") {
                    try await mount.run("tr -d '\\002' < '\(file)' | cmp - /dev/null").status == 0
                }
            }
        }

        /// The kernel's pages are those of an inode: who reads on must not find there what somebody else has read meanwhile.
        @Test(
            "Other content under the same id is not read by who opened the old one, though somebody beside has read it"
        )
        func replacedBesideAReader() async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1]), options: "--metadata-ttl", "1") { mount in
                let sample = try mount.account.simulator.addProject("Q").addSample("S")
                let handle = try sample.addFile("f", .bytes([UInt8](repeating: 1, count: 24 << 20)))
                let file = mount.absolute("Projects/Q/Samples/S/Files/f")
                try await eventually("it is there") { try await mount.run("test -e '\(file)'").status == 0 }
                let goOn = try await readTheHead(of: file, in: mount)
                let before = try await mount.output("stat -c %i '\(file)'")
                try handle.replaceContent(by: .bytes([UInt8](repeating: 2, count: 24 << 20)))
                try await eventually("somebody else has read the new content") {
                    try await mount.run("tr -d '\\002' < '\(file)' | cmp - /dev/null").status == 0
                }
                try await goOn()
                #expect(try await mount.output("stat -c %i '\(file)'") != before, "another content, another inode")
                #expect(try await mount.run("tr -d '\\002' < '\(file)' | cmp - /dev/null").status == 0)
            }
        }
    }
}
