import Testing
import Uploads

/// Expects an upload to fail, and returns how.
func failure(of upload: () async throws -> some Any) async throws -> UploadError {
    try #require(await #expect(throws: UploadError.self) { _ = try await upload() })
}
