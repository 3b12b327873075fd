import BaseSpaceAPI
import Testing

@testable import Namespace

@Suite struct FileRecordTests {
    @Test func aRecordTellsWhatTheListingSaid() {
        let file = RemoteFile(
            id: "11",
            name: "f",
            path: "d/f",
            size: 3,
            etag: "abc",
            created: Timestamp(seconds: 5)
        )
        let record = FileRecord(file, place: FilePlace(container: .sample("1"), path: "d/f"))
        #expect(record.etag == "abc" && record.size == 3 && record.modified == Timestamp(seconds: 5))
        let later = record.with(modified: Timestamp(seconds: 9))
        #expect(later.modified == Timestamp(seconds: 9) && later.etag == "abc" && later.id == "11")
    }
}
