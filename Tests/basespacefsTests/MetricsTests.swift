import BaseSpaceAPI
import BlockCache
import HTTPTransport
import RemoteFiles
import SystemPackage
import Testing
import Uploads

@testable import BaseSpaceFileSystem
@testable import basespacefs

@Suite("The metrics")
struct MetricsTests {
    private var figures: MountFigures {
        var figures = MountFigures(moment: Timestamp(seconds: 1_000_100), started: Timestamp(seconds: 1_000_000))
        var http = HTTPStatistics()
        http.requests = 7
        http.failures = [.stalled: 2]
        var calls = CallStatistics()
        calls.calls = [.unauthorized: 3]
        figures.http = [.api: http, .objectStore: HTTPStatistics()]
        figures.calls = [.api: calls, .objectStore: CallStatistics()]
        figures.reads.cache.bytes = 4096
        figures.operations.operations = [.read: 5]
        figures.operations.errors = [.permissionDenied: 1]
        figures.backlog = UploadBacklog(files: 2, bytes: 100)
        figures.outage = .seconds(90)
        figures.sessions = [
            SessionAtWork(container: .appResult("17"), status: nil, created: Timestamp(seconds: 999_100), warning: nil)
        ]
        return figures
    }

    @Test("keep to the format, and say what was counted")
    func format() throws {
        let metrics = try MetricsText(Metrics(figures).text)
        #expect(metrics.samples[#"basespacefs_http_requests_total{client="api"}"#] == 7)
        #expect(metrics.samples[#"basespacefs_http_errors_total{client="api",kind="stalled"}"#] == 2)
        #expect(metrics.samples[#"basespacefs_api_calls_total{client="api",outcome="unauthorized"}"#] == 3)
        #expect(metrics.samples[#"basespacefs_read_bytes_total{source="cache"}"#] == 4096)
        #expect(metrics.samples[#"basespacefs_operations_total{operation="read"}"#] == 5)
        #expect(metrics.samples[#"basespacefs_operation_errors_total{errno="EACCES"}"#] == 1)
        #expect(metrics.samples["basespacefs_upload_backlog_files"] == 2)
        #expect(metrics.samples["basespacefs_outage_seconds"] == 90)
        #expect(metrics.samples["basespacefs_start_time_seconds"] == 1_000_000)
        #expect(metrics.samples[#"basespacefs_session_age_seconds{container="AppResult 17"}"#] == 1000)
        #expect(Set(metrics.types.keys) == Set(Metrics.all.map(\.name)))
    }

    @Test("have names of their own that say the unit")
    func names() {
        let names = Metrics.all.map(\.name)
        #expect(Set(names).count == names.count)
        for name in names {
            #expect(name.hasPrefix("basespacefs_"))
            #expect(!name.contains("_total_"))
        }
    }

    @Test("without a sample are left out")
    func empty() throws {
        var figures = figures
        figures.sessions = []
        #expect(try MetricsText(Metrics(figures).text).types["basespacefs_session_age_seconds"] == nil)
    }

    @Test(
        "are checked by a reader that refuses what is wrong",
        arguments: [
            "x 1\n", "# HELP x y\n# TYPE x gauge\nx one\n", "# HELP x y\n# TYPE x gauge\nx 1",
            "# HELP x y\n# TYPE x counter\nx 1\n", "# HELP x y\n# TYPE x gauge\nx{a=b} 1\n",
            "# HELP x y\n# TYPE x gauge\nx 1\nx 1\n", "# HELP x y\n# TYPE x gauge\n",
        ]
    )
    func checker(text: String) {
        #expect(throws: MetricsText.Violation.self) { try MetricsText(text) }
    }
}
