import BaseSpaceAPI
import BaseSpaceFileSystem
import BlockCache
import HTTPTransport
import RemoteFiles
import Uploads

/// The metrics there are. The manual lists them; names and units stay.
extension Metrics {
    static let all: [Metric] = mount + operations + reading + cache + transport + uploads

    private static func counter(
        _ name: String,
        _ help: String,
        _ samples: @escaping @Sendable (MountFigures) -> [Sample]
    ) -> Metric {
        Metric(name: "basespacefs_\(name)", kind: .counter, help: help, samples: samples)
    }

    private static func gauge(
        _ name: String,
        _ help: String,
        _ samples: @escaping @Sendable (MountFigures) -> [Sample]
    ) -> Metric {
        Metric(name: "basespacefs_\(name)", kind: .gauge, help: help, samples: samples)
    }

    private static let mount = [
        gauge("build_info", "The version; the value is always 1.") { _ in [Sample(1, ("version", Version.current))] },
        gauge("start_time_seconds", "When the mount began, in seconds since 1970.") { [Sample($0.started.seconds)] },
    ]

    private static let operations = [
        counter("operations_total", "Requests of the kernel by kind.") { figures in
            figures.operations.operations.map { Sample($1, ("operation", "\($0)")) }
        },
        counter("operation_errors_total", "Requests of the kernel that were answered with an error.") { figures in
            figures.operations.errors.map { Sample($1, ("errno", $0.symbol)) }
        },
        counter("passthrough_opens_total", "Files opened for the kernel to read from the cache by itself.") {
            [Sample($0.operations.passthroughOpens)]
        },
    ]

    private static let reading = [
        counter("reads_total", "Reads of the kernel by where their bytes came from.") { bySource($0, \.reads) },
        counter("read_bytes_total", "Bytes given to the kernel by where they came from.") { bySource($0, \.bytes) },
        counter("fetches_total", "Ranges asked for at the object store.") { [Sample($0.reads.fetches)] },
        counter("fetch_retries_total", "Ranges asked for again after a failure.") { [Sample($0.reads.retries)] },
        counter("fetch_failures_total", "Ranges that could not be had.") { [Sample($0.reads.failures)] },
        counter("fetched_bytes_total", "Bytes of content that came from the object store.") {
            [Sample($0.reads.fetchedBytes)]
        },
        counter("fetched_unread_bytes_total", "Bytes that left memory without having been read.") {
            [Sample($0.reads.unreadBytes)]
        },
    ]

    private static func bySource(
        _ figures: MountFigures,
        _ number: KeyPath<ReadStatistics.Answers, UInt64>
    ) -> [Sample] {
        let (memory, cache, server) = (figures.reads.memory, figures.reads.cache, figures.reads.server)
        return [("memory", memory), ("cache", cache), ("server", server)].map { name, answers in
            Sample(answers[keyPath: number], ("source", name))
        }
    }

    private static let cache = [
        gauge("cache_bytes", "Bytes of disk that the cache takes, whoever put them there.") {
            [Sample($0.cache.bytes)]
        },
        gauge("cache_limit_bytes", "Bytes of disk that the cache may take.") { [Sample($0.cache.limit)] },
        counter("cache_lookups_total", "Reads of the cache by result.") {
            [Sample($0.cache.hits, ("result", "hit")), Sample($0.cache.misses, ("result", "miss"))]
        },
        counter("cache_stored_bytes_total", "Bytes put into the cache.") { [Sample($0.cache.storedBytes)] },
        counter("cache_damaged_blocks_total", "Blocks of the cache that did not match their checksum.") {
            [Sample($0.cache.damagedBlocks)]
        },
    ]

    private static let transport = [
        counter("api_calls_total", "Calls of the API by outcome, repetitions not counted.") { figures in
            figures.calls.flatMap { client, statistics in
                CallOutcome.allCases.map {
                    Sample(statistics[$0], ("client", client.rawValue), ("outcome", $0.rawValue))
                }
            }
        },
        counter("api_undecodable_replies_total", "Replies of the API that made no sense.") { figures in
            figures.calls.map { Sample($1.undecodable, ("client", $0.rawValue)) }
        },
        gauge("outage_seconds", "For how long the service has not answered; 0 while it does.") {
            [Sample($0.outage?.components.seconds ?? 0)]
        },
        counter("http_requests_total", "HTTP requests, each repetition counted.") { byClient($0, \.requests) },
        counter("http_retries_total", "HTTP requests that repeated an earlier one.") { byClient($0, \.retries) },
        counter("http_errors_total", "HTTP requests without a complete response by reason.") { figures in
            figures.http.flatMap { client, statistics in
                statistics.failures.map { Sample($1, ("client", client.rawValue), ("kind", "\($0)")) }
            }
        },
        counter("http_connections_total", "Connections made.") { byClient($0, \.connections) },
        counter("http_received_bytes_total", "Bytes of responses' bodies.") { byClient($0, \.receivedBytes) },
        counter("http_sent_bytes_total", "Bytes of requests' bodies, repeated ones included.") {
            byClient($0, \.sentBytes)
        },
        gauge("http_requests_under_way", "HTTP requests that wait or run.") { figures in
            figures.http.map { Sample($1.underWay, ("client", $0.rawValue)) }
        },
    ]

    private static func byClient(_ figures: MountFigures, _ number: KeyPath<HTTPStatistics, UInt64>) -> [Sample] {
        figures.http.map { Sample($1[keyPath: number], ("client", $0.rawValue)) }
    }

    private static let uploads = [
        counter("uploads_total", "Uploads of files that have ended by outcome.") {
            [
                Sample($0.uploads.done, ("outcome", "done")), Sample($0.uploads.failed, ("outcome", "failed")),
                Sample($0.uploads.cancelled, ("outcome", "cancelled")),
            ]
        },
        counter("upload_sent_bytes_total", "Bytes of files that the service acknowledged.") {
            [Sample($0.uploads.sentBytes)]
        },
        gauge("uploads_under_way", "Files on their way to the service.") { [Sample($0.active.count)] },
        gauge("upload_backlog_files", "Files that are not wholly at the service.") { [Sample($0.backlog.files)] },
        gauge("upload_backlog_bytes", "Bytes of files that are not at the service.") { [Sample($0.backlog.bytes)] },
        gauge("session_age_seconds", "Age of the AppResults that are written here and whose sessions go on.") {
            figures in
            figures.sessions.compactMap { session in
                session.created.map {
                    Sample(figures.moment.seconds - $0.seconds, ("container", session.container.description))
                }
            }
        },
    ]
}
