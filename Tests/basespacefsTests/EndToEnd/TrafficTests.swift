import BaseSpaceSimulator
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

        @Test("A region costs less than a quarter of the file; asking again, or on another day, costs nothing")
        func region() async throws {
            try await Account.using(.bigAlignment()) { account in
                let first = try await account.mount()
                let size = Int64(
                    try await first.output("stat -c %s Projects/P/AppResults/Big/Files/big.bam").dropLast()
                )
                let count = try await first.output(Self.region)
                let requests = objectStoreRequests(account)
                let bytes = requests.reduce(0) { $0 + $1.bytesSent }
                #expect(bytes > 0)
                #expect(bytes < (size ?? 0) / 4, "\(bytes) of \(size ?? 0) in \(requests.count) requests")
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
                try await mount.output("ls -lR Projects > /dev/null")
                mount.account.simulator.resetRequests()
                try await mount.output(
                    "ls -lR Projects > /dev/null; find . -name '*.bam' > /dev/null; stat */*/*/*/Files"
                )
                let listings = mount.account.simulator.requests.filter { !$0.path.contains("appsessions") }
                #expect(listings.map(\.path) == [])
            }
        }
    }
}
