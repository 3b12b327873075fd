import BaseSpaceAPI
import HTTPTransport
import Synchronization
import TestSupport
import Testing

@testable import RemoteFiles

@Suite struct SignedURLsTests {
    /// Answers with a URL of its own, or not at all.
    private final class Locator: ContentLocator {
        let calls = Atomic(0)

        func contentLocation(of file: EntityID) async throws(BaseSpaceError) -> ContentLocation {
            calls.add(1, ordering: .relaxed)
            throw BaseSpaceError(kind: .transport(.cannotConnect), message: "away", endpoint: "GET x")
        }
    }

    private func url(of file: EntityID, _ urls: SignedURLs, refused: HTTPURL? = nil) async throws -> HTTPURL {
        try await withCheckedContinuation { continuation in
            urls.url(of: file, refused: refused) { continuation.resume(returning: $0) }
        }.get()
    }

    @Test func aListingsURLServesAfterOneThatCouldNotBeHad() async throws {
        let urls = SignedURLs(locator: Locator(), wallClock: { .now })
        await #expect(throws: BaseSpaceError.self) { try await url(of: "1", urls) }
        let listed = try HTTPURL("https://store/1?new")
        urls.remember(listed, of: "1")
        #expect(try await url(of: "1", urls) == listed)
    }

    @Test func aURLThatWasRefusedIsNotTakenFromAListingAgain() async throws {
        let locator = Locator()
        let urls = SignedURLs(locator: locator, wallClock: { .now })
        let old = try HTTPURL("https://store/1?old")
        urls.remember(old, of: "1")
        #expect(try await url(of: "1", urls) == old)
        await #expect(throws: BaseSpaceError.self) { try await url(of: "1", urls, refused: old) }
        urls.remember(old, of: "1")
        await #expect(throws: BaseSpaceError.self) { try await url(of: "1", urls) }
        #expect(locator.calls.load(ordering: .relaxed) == 2)
        let new = try HTTPURL("https://store/1?new")
        urls.remember(new, of: "1")
        #expect(try await url(of: "1", urls) == new)
    }
}
