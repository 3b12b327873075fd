import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("What goes over the line")
    struct TrafficTests {
        private static let region = "samtools view -c Projects/P/AppResults/Big/Files/big.bam genome:600000-610000"

        private func objectStoreRequests(_ account: Account) -> [RecordedRequest] {
            account.simulator.requests.filter { $0.listener == .objectStore }
        }

        /// A line as users have it, so that what is read ahead and not wanted is not here in no time.
        private static let line = [
            Fault(.latency(.milliseconds(20)), on: .init(listener: .objectStore)),
            Fault(.bandwidth(2_000_000), on: .init(listener: .objectStore)),
        ]

        @Test("A region costs less than a quarter of the file; asking again, or on another day, costs nothing")
        func region() async throws {
            try await Account.using(.bigAlignment()) { account in
                account.simulator.setFaults(Self.line)
                let first = try await account.mount()
                let size = Int64(
                    try await first.output("stat -c %s Projects/P/AppResults/Big/Files/big.bam").dropLast()
                )
                let count = try await first.output(Self.region)
                // The kernel reads ahead of samtools, and that goes on for a moment after its end.
                try await eventually("what was asked for has come") {
                    objectStoreRequests(account).allSatisfy { $0.finished != nil }
                }
                let requests = objectStoreRequests(account)
                let bytes = requests.reduce(0) { $0 + $1.bytesSent }
                #expect(bytes > 0)
                #expect(bytes < (size ?? 0) / 4, "\(bytes) of \(size ?? 0) in \(requests.count) requests")
                // Head, end and index at once, the region in two: the index says where it begins, nobody where it ends. An
                // answer that is late is asked for once more.
                let ranges = Set(requests.map { $0.header("Range") })
                #expect(ranges.count <= 5, "\(requests.map { $0.header("Range") ?? "" })")
                let urls = account.simulator.requests.filter { $0.path.hasSuffix("/content") }
                #expect(urls.isEmpty, "the listing brought the signed URLs of the alignment and its index")

                account.simulator.resetRequests()
                #expect(try await first.output(Self.region) == count)
                #expect(objectStoreRequests(account).isEmpty)
                #expect(try await first.unmount().status == 0)

                account.simulator.resetRequests()
                let second = try await account.mount()
                #expect(try await second.output(Self.region) == count)
                #expect(objectStoreRequests(account).isEmpty, "the cache outlives the mount")
            }
        }

        @Test("The projects are asked for once, at the mount, and not for an app that has its session")
        func projects() async throws {
            try await Account.using(.random(["projects/P/samples/S/f": 100])) { account in
                @Sendable func calls() -> Int {
                    account.simulator.requests.filter { $0.path.hasSuffix("/users/current/projects") }.count
                }
                let mount = try await account.mount()
                try await eventually("they are asked for") { calls() == 1 }
                #expect(
                    try await mount.output("ls Projects Projects/P/Samples")
                        == "Projects:\nP\n\nProjects/P/Samples:\nS\n"
                )
                #expect(calls() == 1)
                let session = try await mount.makeAppResult().session().id
                #expect(try await mount.unmount().status == 0)

                account.simulator.resetRequests()
                let app = try await account.mount("--appsession", session)
                #expect(try await app.output("ls Runs") == "")
                #expect(calls() == 0)
                #expect(try await app.output("ls Projects") == "P\n")
                #expect(calls() == 1)
            }
        }

        @Test(
            "A directory of small files is copied without a round trip for each",
            arguments: ["cp -r", "rsync -r", "tar"]
        )
        func smallFiles(tool: String) async throws {
            let names = (100..<160).map { "projects/P/samples/S/reports/r\($0).html" }
            let data = try await AccountData.random(Dictionary(uniqueKeysWithValues: names.map { ($0, 20_000) }))
            try await Mount.using(data) { mount in
                mount.account.simulator.setFaults([
                    Fault(.latency(.milliseconds(100)), on: .init(listener: .objectStore))
                ])
                let source = "Projects/P/Samples/S/Files/reports"
                let copy =
                    tool == "tar"
                    ? "tar -cf - \(source) | tar -xf - -C $WORK --strip-components 5" : "\(tool) \(source) $WORK"
                try await mount.output("\(copy) && diff -r $WORK/reports $DATA/projects/P/samples/S/reports")
                let requests = objectStoreRequests(mount.account)
                // Whole and once; an answer that is late is asked for again.
                #expect(Set(requests.map(\.path)).count == names.count)
                #expect(requests.count < names.count * 5 / 4)
                let most = requests.map { request in
                    requests.count { $0.started <= request.started && request.started < $0.finished ?? .infinity }
                }.max()
                #expect(most ?? 0 >= 4, "files are fetched ahead, not one after the other")
                #expect(mount.account.simulator.requests.filter { $0.path.hasSuffix("/content") }.isEmpty)
            }
        }

        @Test("Two mounts share a cache: what one has read the other does not fetch")
        func sharedCache() async throws {
            let data = try await AccountData.random([
                "projects/P/samples/S/f": 6 << 20, "projects/P/samples/S/g": 6 << 20,
            ])
            try await Account.using(data) { account in
                let first = try await account.mount(at: "first")
                let second = try await account.mount(at: "second")
                let compare = "cmp Projects/P/Samples/S/Files/$1 $DATA/projects/P/samples/S/$1"
                try await first.output(compare, "f")
                try await eventually("what was read is stored") {
                    let info = try await account.program(["cache", "info", "--json"])
                    let object = try JSONSerialization.jsonObject(with: Data(info.output.utf8)) as? [String: Any]
                    return object?["bytes"] as? Int ?? 0 > 6 << 20
                }
                account.simulator.resetRequests()
                try await second.output(compare, "f")
                #expect(objectStoreRequests(account).isEmpty)

                async let one = first.output(compare, "g")
                async let other = second.output(compare, "g")
                _ = try await (one, other)
            }
        }

        @Test("A listing is one request per collection, and looking again within its time is none")
        func listings() async throws {
            try await Mount.using { mount in
                try await mount.output("ls -lR . > /dev/null")
                mount.account.simulator.resetRequests()
                try await mount.output(
                    "ls -lR . > /dev/null; find . -name '*.bam' > /dev/null; stat */*/*/*/Files"
                )
                let listings = mount.account.simulator.requests.filter { !$0.path.contains("appsessions") }
                #expect(listings.map(\.path) == [])
            }
        }
    }
}
