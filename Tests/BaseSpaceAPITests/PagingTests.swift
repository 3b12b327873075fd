import BaseSpaceAPI
import HTTPTransport
import Synchronization
import TestSupport
import Testing

struct PagingTests {
    /// A page of projects with ids from 1 to `total`, as a service answers that allows pages of `largest`.
    private static func page(
        _ request: ScriptedServer.Request,
        total: Int,
        largest: Int = 1000,
        tellsTotal: Bool = true,
        tellsLimit: Bool = true
    ) -> [ScriptedServer.Step] {
        let offset = request.number("Offset")
        let limit = min(request.number("Limit"), largest)
        let items = (min(offset, total)..<min(offset + limit, total)).map { #"{"Id":"\#($0 + 1)","Name":"p"}"# }
        var fields = [#""Items":[\#(items.joined(separator: ","))]"#, #""DisplayedCount":\#(items.count)"#]
        if tellsTotal { fields.append(#""TotalCount":\#(total)"#) }
        if tellsLimit { fields.append(#""Limit":\#(limit)"#) }
        return v1("{\(fields.joined(separator: ","))}")
    }

    private func ids(_ count: Int) -> [EntityID] { (1...count).map { EntityID("\($0)") } }

    @Test(arguments: [1, 999, 1000, 1001, 3500])
    func allPagesArrive(_ total: Int) async throws {
        try await withService(script: { Self.page($0, total: total) }) { client, server in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(total))
            let requests = server.requests
            #expect(requests.count == (total + 999) / 1000)
            #expect(requests[0].path == "/v1pre3/users/current/projects" && requests[0].number("Limit") == 1000)
            #expect(requests.allSatisfy { $0.parameter("SortBy") == "Id" && $0.parameter("SortDir") == "Asc" })
            #expect(requests.map { $0.number("Offset") }.sorted() == (0..<requests.count).map { $0 * 1000 })
        }
    }

    @Test func anEmptyCollection() async throws {
        try await withService(script: { _ in v1(#"{"Items":[],"TotalCount":0,"Limit":1000}"#) }) { client, server in
            let projects = try await client.projects()
            #expect(projects.isEmpty)
            #expect(server.requests.count == 1)
        }
    }

    @Test(arguments: [true, false], [true, false])
    func pagesThatTheServiceCutsShorter(tellsTotal: Bool, tellsLimit: Bool) async throws {
        try await withService(
            script: { Self.page($0, total: 260, largest: 100, tellsTotal: tellsTotal, tellsLimit: tellsLimit) }
        ) { client, server in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(260))
        }
    }

    @Test(arguments: [260, 300])
    func withoutATotalAShortPageIsTheLast(_ total: Int) async throws {
        try await withService(script: { Self.page($0, total: total, largest: 100, tellsTotal: false) }) {
            client,
            server in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(total))
            #expect(server.requests.count == (total == 260 ? 3 : 4))
        }
    }

    @Test func itemsThatCameTwiceCountOnce() async throws {
        let script: @Sendable (ScriptedServer.Request) -> [ScriptedServer.Step] = { request in
            let ids = request.number("Offset") == 0 ? ["1", "2"] : ["2", "3"]
            let items = ids.map { #"{"Id":"\#($0)"}"# }.joined(separator: ",")
            return v1(#"{"Items":[\#(items)],"TotalCount":4}"#)
        }
        try await withService(script: script) { client, _ in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(3))
        }
    }

    @Test func aFailedPageFailsTheListing() async throws {
        try await withService(script: { request in
            request.number("Offset") == 2000 ? v1Error(403, "X.Y", "no") : Self.page(request, total: 5000)
        }) { client, _ in
            let error = try await failure { () async throws(BaseSpaceError) in try await client.projects() }
            #expect(error.status == 403 && error.message == "no")
        }
    }

    /// The ids of the files that are handed over when so many are expected, in their order.
    private func files(of client: BaseSpaceClient, expecting count: Int) async throws -> [EntityID] {
        var files: [EntityID] = []
        try await client.files(of: .appResult("1"), resolvingContent: true, expecting: count) { files.append($0.id) }
        return files
    }

    /// How many files are handed over.
    private func count(of client: BaseSpaceClient, _ pages: PageProgress) async throws -> Int {
        var count = 0
        try await client.files(of: .appResult("1"), resolvingContent: true) { _ in
            count += 1
            if count.isMultiple(of: 1000) {
                pages.handedOver.add(1, ordering: .relaxed)
            }
        }
        return count
    }

    @Test(
        arguments: [0, 1, 999, 1000, 1001, 2000, 2500, 13_000, 30_000],
        [0, 1, 1000, 1001, 2000, 2500, 3000, 20_500]
    )
    func whateverIsExpectedTheListIsWholeAndInOrder(_ expected: Int, total: Int) async throws {
        try await withService(script: { Self.page($0, total: total) }) { client, server in
            let files = try await files(of: client, expecting: expected)
            #expect(files == (total == 0 ? [] : ids(total)))
            let offsets = server.requests.map { $0.number("Offset") }
            #expect(Set(offsets).count == offsets.count, "a page was asked for twice")
            #expect(offsets.allSatisfy { $0 < max(total, min(expected, 6000), 1) })
            #expect(server.requests.allSatisfy { $0.number("Limit") <= 1000 })
        }
    }

    /// The quick reader gives up in the middle of a page: what it has handed over by then does not come twice, and what is
    /// after it comes too.
    @Test func whatTheQuickReaderLeavesIsHandedOverOnce() async throws {
        try await withService(script: { request in
            let offset = request.number("Offset")
            let items = (offset..<min(offset + 1000, 2500)).map { index in
                #"{"Id":"\#(index + 1)","Path":"d/\#(index % 400 == 399 ? #"a\u0062c"# : "abc")"}"#
            }
            return v1(#"{"Items":[\#(items.joined(separator: ","))],"TotalCount":2500,"Limit":1000}"#)
        }) { client, _ in
            var files: [RemoteFile] = []
            try await client.files(of: .appResult("1"), resolvingContent: true) { files.append(copy $0) }
            #expect(files.map(\.id) == ids(2500) && files.allSatisfy { $0.path == "d/abc" })
        }
    }

    @Test(arguments: [1001, 1999, 5000, 6000])
    func whatIsExpectedIsAskedForBeforeTheFirstPageTellsTheNumber(_ expected: Int) async throws {
        let gate = SharedFlag()
        try await withService(script: { [.until { gate.isSet }] + Self.page($0, total: 20) }) { client, server in
            async let listed = files(of: client, expecting: expected)
            try await eventually("all pages are asked for") { server.requests.count == (expected + 999) / 1000 }
            gate.set()
            let files = try await listed
            #expect(files == ids(20))
        }
    }

    @Test func whatIsExpectedInVainDelaysAndFailsNothing() async throws {
        try await withService(script: { request in
            switch request.number("Offset") {
            case 0: Self.page(request, total: 20)
            case 1000: v1Error(400, "X.Y", "no")
            default: [.hang]
            }
        }) { client, _ in
            let start = ContinuousClock.now
            let files = try await files(of: client, expecting: 30_000)
            #expect(files == ids(20))
            // Long before the deadline of what hangs.
            #expect(ContinuousClock.now - start < .seconds(20))
        }
    }

    @Test func aPageThatFailsFailsTheListingBeforeItsTurn() async throws {
        try await withService(script: { request in
            switch request.number("Offset") {
            case 1000: [.hang]
            case 2000: v1Error(403, "X.Y", "no")
            default: Self.page(request, total: 5000)
            }
        }) { client, _ in
            let error = try await failure { () async throws(BaseSpaceError) in
                try await client.files(of: .appResult("1"), resolvingContent: true) { _ in }
            }
            #expect(error.status == 403)
        }
    }

    /// A guess may be answered before the list has as many files as the first page says.
    @Test(arguments: [1000, 1200])
    func whatAGuessWasTooEarlyForIsAskedForAgain(_ early: Int) async throws {
        let isRepeated = SharedFlag()
        try await withService(script: { request in
            guard request.number("Offset") == 1000, !isRepeated.isSet else { return Self.page(request, total: 1500) }
            isRepeated.set()
            return Self.page(request, total: early)
        }) { client, _ in
            let files = try await files(of: client, expecting: 1500)
            #expect(Set(files) == Set(ids(1500)))
        }
    }

    @Test(arguments: [-1, 0])
    func aPageSizeThatIsNoneIsNotTaken(limit: Int) async throws {
        try await withService(script: { request in
            let item = request.number("Offset") == 0 ? #"{"Id":"1"}"# : ""
            return v1(#"{"Items":[\#(item)],"Limit":\#(limit)}"#)
        }) { client, server in
            let files = try await files(of: client, expecting: 5000)
            #expect(files == ids(1))
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(1))
        }
    }

    /// What is removed lets all that come after it move up: what was first on a page that is not there yet, is on none.
    @Test func aListThatLosesAFileWhileItIsReadLosesNoOther() async throws {
        let isRemoved = SharedFlag()
        try await withService(script: { request in
            // The file with the id 1, after the first page was read.
            guard request.number("Offset") > 0 || isRemoved.isSet else { return Self.page(request, total: 2500) }
            isRemoved.set()
            let items = (request.number("Offset")..<min(request.number("Offset") + request.number("Limit"), 2499))
                .map { #"{"Id":"\#($0 + 2)"}"# }
            return v1(#"{"Items":[\#(items.joined(separator: ","))],"TotalCount":2499,"Limit":1000}"#)
        }) { client, server in
            let projects = try await client.projects()
            #expect(Set(projects.map(\.id)).isSuperset(of: (2...2500).map { EntityID("\($0)") }))
            #expect(projects.count == 2500 && server.requests.count <= 7)
        }
    }

    /// What comes in between lets all that come after it move down: the last one stands past the end that was told.
    @Test func aListThatGetsAFileInTheMiddleWhileItIsReadLosesNoOther() async throws {
        let total = 14_500
        let isAdded = SharedFlag()
        try await withService(script: { request in
            let offset = request.number("Offset")
            guard offset > 0 || isAdded.isSet else { return Self.page(request, total: total) }
            isAdded.set()
            let items = (offset..<min(offset + request.number("Limit"), total + 1))
                .map { #"{"Id":"\#($0 < 500 ? $0 + 1 : $0 > 500 ? $0 : 99_999)"}"# }
            return v1(#"{"Items":[\#(items.joined(separator: ","))],"TotalCount":\#(total + 1),"Limit":1000}"#)
        }) { client, server in
            let projects = try await client.projects()
            #expect(Set(projects.map(\.id)).isSuperset(of: ids(total)))
            #expect(server.requests.count <= 17)
        }
    }

    @Test func aListThatNeverStopsGrowingComesToAnEnd() async throws {
        let pages = PageProgress()
        try await withService(script: { request in
            Self.page(request, total: 5000 + pages.handedOver.add(1, ordering: .relaxed).newValue)
        }) { client, server in
            let projects = try await client.projects()
            #expect(projects.count >= 5000)
            #expect(server.requests.count < 30)
        }
    }

    @Test func aListThatNeverStopsLosingFilesComesToAnEnd() async throws {
        let pages = PageProgress()
        try await withService(script: { request in
            Self.page(request, total: 5000 - pages.handedOver.add(1, ordering: .relaxed).newValue)
        }) { client, server in
            _ = try await client.projects()
            // Five pages each time, and a look for what the last of them lacks.
            #expect(server.requests.count <= 3 * 6)
        }
    }

    @Test func aPageThatIsEmptyAgainstAllThatIsSaidIsAnError() async throws {
        try await withService(script: { request in
            request.number("Offset") == 1000
                ? v1(#"{"Items":[],"TotalCount":2500,"Limit":1000}"#) : Self.page(request, total: 2500)
        }) { client, _ in
            await #expect(throws: BaseSpaceError.self) { try await client.projects() }
        }
    }

    @Test(arguments: [-1, 0, 10]) func aTotalOfLessThanAPageHasIsNone(_ total: Int) async throws {
        try await withService(script: { request in
            let offset = request.number("Offset")
            let items = (offset..<max(offset, min(offset + 1000, 2500))).map { #"{"Id":"\#($0 + 1)"}"# }
            return v1(#"{"Items":[\#(items.joined(separator: ","))],"TotalCount":\#(total),"Limit":1000}"#)
        }) { client, _ in
            let projects = try await client.projects()
            #expect(projects.map(\.id) == ids(2500))
        }
    }

    @Test func nothingComesAfterAnEmptyPage() async throws {
        try await withService(script: { _ in v1(#"{"Items":[],"TotalCount":9000000}"#) }) { client, server in
            let projects = try await client.projects()
            #expect(projects.isEmpty && server.requests.count == 1)
        }
    }

    @Test(arguments: [0, 150, 1500, 3000])
    func whatIsExpectedOfAServiceThatCutsPages(_ expected: Int) async throws {
        try await withService(script: { Self.page($0, total: 2450, largest: 100) }) { client, _ in
            let files = try await files(of: client, expecting: expected)
            #expect(files == ids(2450))
        }
    }

    @Test func aListThatGrewWhileItWasReadIsFollowed() async throws {
        try await withService(script: { request in
            Self.page(request, total: request.number("Offset") == 0 ? 2500 : 2800)
        }) { client, _ in
            let files = try await files(of: client, expecting: 3000)
            #expect(files == ids(2800))
        }
    }

    @Test func pagesDoNotPileUpBehindOneThatIsLate() async throws {
        let gate = SharedFlag()
        let pages = PageProgress()
        try await withService(script: { request in
            let page = request.number("Offset") / 1000
            pages.furthest.max(page - pages.handedOver.load(ordering: .relaxed), ordering: .relaxed)
            return (page == 1 ? [.until { gate.isSet }] : []) + Self.page(request, total: 60_000)
        }) { client, server in
            async let count = count(of: client, pages)
            try await eventually("as many as may wait have been asked for") { server.requests.count == 13 }
            gate.set()
            let all = try await count
            #expect(all == 60_000)
        }
        #expect(pages.furthest.load(ordering: .relaxed) <= 12)
    }

    @Test func sixCallsAtATimeAtMost() async throws {
        let gate = SharedFlag()
        try await withService(
            connections: 30,
            script: { [.until { gate.isSet }] + Self.page($0, total: 1) }
        ) { client, server in
            try await withThrowingTaskGroup { group in
                for _ in 0..<20 {
                    group.addTask { _ = try await client.projects() }
                }
                try await eventually("six calls arrive") { server.requests.count == 6 }
                gate.set()
                try await group.waitForAll()
            }
            #expect(server.requests.count == 20 && server.peakOfConcurrentRequests == 6)
        }
    }

    @Test func metadataDoesNotWaitForUploads() async throws {
        let gate = SharedFlag()
        try await withService(
            connections: 30,
            script: { $0.method == "PUT" ? [.until { gate.isSet }] + v1(#"{"ETag":"e"}"#) : Self.page($0, total: 1) }
        ) { client, server in
            try await withThrowingTaskGroup { group in
                for number in 1...10 {
                    group.addTask { _ = try await client.uploadPart(number, of: "1", body: .bytes([1]), md5: "m") }
                }
                try await eventually("four parts arrive") { server.requests.count == 4 }
                _ = try await client.projects()
                #expect(server.requests.count == 5)
                gate.set()
                try await group.waitForAll()
            }
        }
    }

    @Test func aCallThatWaitsForItsTurnCanBeCancelled() async throws {
        try await withService(script: { _ in [.hang] }) { client, server in
            let running = (0..<6).map { _ in Task { try await client.projects() } }
            try await eventually("six calls arrive") { server.requests.count == 6 }
            let waiting = Task {
                try await failure { () async throws(BaseSpaceError) in try await client.projects() }
            }
            waiting.cancel()
            #expect(try await waiting.value.kind == .cancelled)
            for task in running {
                task.cancel()
                await #expect(throws: BaseSpaceError.self) { try await task.value }
            }
            #expect(server.requests.count == 6)
        }
    }
}

/// How far pages are.
private final class PageProgress: Sendable {
    let handedOver = Atomic(0)
    /// The most by which a page that was asked for was ahead of them.
    let furthest = Atomic(0)
}
