internal import CCurl

/// A libcurl easy handle, used for one transfer after another: a new one costs a good deal more than a reset.
///
/// Owned by a shard's thread, which is the only one that touches it.
final class EasyHandle {
    let raw: UnsafeMutableRawPointer
    /// Where libcurl writes what went wrong; libcurl keeps the pointer.
    private let errorText: UnsafeMutablePointer<CChar>
    /// libcurl does not copy the list of header fields.
    private var fields: UnsafeMutablePointer<curl_slist>?

    /// `nil` when libcurl has no memory.
    init?() {
        guard let raw = curl_easy_init() else { return nil }
        self.raw = raw
        errorText = .allocate(capacity: Int(CURL_ERROR_SIZE))
        errorText.initialize(repeating: 0, count: Int(CURL_ERROR_SIZE))
    }

    deinit {
        curl_easy_cleanup(raw)
        curl_slist_free_all(fields)
        errorText.deallocate()
    }

    /// Forgets the last transfer; connections live in the multi handle and stay.
    func reset() {
        curl_easy_reset(raw)
        curl_slist_free_all(fields)
        fields = nil
        errorText.pointee = 0
    }

    func set(_ option: CURLoption, _ value: Int) {
        ccurl_easy_set_long(raw, option, value)
    }

    func set(_ option: CURLoption, _ value: String) {
        ccurl_easy_set_string(raw, option, value)
    }

    func set(_ option: CURLoption, to pointer: UnsafeMutableRawPointer) {
        ccurl_easy_set_pointer(raw, option, pointer)
    }

    /// What libcurl says about the failure in one line, or else what the code means.
    func failureText(_ result: CURLcode) -> String {
        let text = String(cString: errorText)
        let line = text.isEmpty ? String(cString: curl_easy_strerror(result)) : text
        return String(line.prefix { !$0.isNewline })
    }

    /// Prepares the handle for a request. Callbacks are the transfer's (`ActiveTransfer.install`).
    func configure(for request: HTTPRequest, by configuration: HTTPClient.Configuration, connectTimeout: Duration) {
        ccurl_easy_set_pointer(raw, CURLOPT_ERRORBUFFER, errorText)
        set(CURLOPT_NOSIGNAL, 1)
        setTarget(request.url)
        setConnection(configuration, isEncrypted: request.url.scheme == "https", connectTimeout: connectTimeout)
        setMessage(request, configuration)
    }

    private func setTarget(_ url: HTTPURL) {
        set(CURLOPT_URL, url.string)
        // A key of the object store may hold "/../": it is signed as it is and must be sent so.
        set(CURLOPT_PATH_AS_IS, 1)
        set(CURLOPT_PROTOCOLS_STR, url.isLoopback ? "http,https" : "https")
        set(CURLOPT_FOLLOWLOCATION, 0)
        set(CURLOPT_NETRC, Int(CURL_NETRC_IGNORED.rawValue))
        if url.isLoopback {
            // An empty name means no proxy, whatever the environment says.
            set(CURLOPT_PROXY, "")
        }
    }

    private func setConnection(
        _ configuration: HTTPClient.Configuration,
        isEncrypted: Bool,
        connectTimeout: Duration
    ) {
        // Lets libcurl divide the time among a host's addresses; `DeadlineWatch` has the last word.
        set(CURLOPT_CONNECTTIMEOUT_MS, max(1, connectTimeout.milliseconds))
        set(CURLOPT_TCP_KEEPALIVE, 1)
        if configuration.allowsHTTP2 && isEncrypted {
            set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_2TLS))
            // Waits for a connection that is being made instead of making another one beside it. TLS tells at once
            // whether it can be shared; without TLS all would wait for the first response.
            set(CURLOPT_PIPEWAIT, 1)
        } else {
            set(CURLOPT_HTTP_VERSION, Int(CURL_HTTP_VERSION_1_1))
        }
        if let bundle = configuration.caBundle {
            set(CURLOPT_CAINFO, bundle)
            set(CURLOPT_PROXY_CAINFO, bundle)
        }
        // Callbacks get 16 KiB at most whatever this says; a larger buffer saves system calls, and answers to the sender.
        set(CURLOPT_BUFFERSIZE, configuration.receiveBufferSize)
        set(CURLOPT_UPLOAD_BUFFERSIZE, 512 << 10)
    }

    private func setMessage(_ request: HTTPRequest, _ configuration: HTTPClient.Configuration) {
        set(CURLOPT_USERAGENT, configuration.userAgent)
        set(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1)
        if configuration.acceptsCompression {
            set(CURLOPT_ACCEPT_ENCODING, "gzip")
        }
        switch request.method {
        case .get:
            set(CURLOPT_HTTPGET, 1)
        case .put, .post:
            set(CURLOPT_UPLOAD, 1)
            set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
            ccurl_easy_set_offset(raw, CURLOPT_INFILESIZE_LARGE, curl_off_t(request.body.count))
        case .delete:
            set(CURLOPT_CUSTOMREQUEST, request.method.rawValue)
        }
        if let range = request.range {
            set(CURLOPT_RANGE, "\(range.lowerBound)-\(range.upperBound - 1)")
        }
        // libcurl would ask "may I?" before a body over 1 MiB and wait for an answer.
        fields = curl_slist_append(fields, "Expect:")
        for (name, value) in request.headers {
            // "Name:" would mean: do not send it.
            fields = curl_slist_append(fields, value.isEmpty ? "\(name);" : "\(name): \(value)")
        }
        ccurl_easy_set_list(raw, CURLOPT_HTTPHEADER, fields)
    }
}

extension Duration {
    /// Whole milliseconds, rounded down.
    var milliseconds: Int {
        Int(components.seconds) * 1000 + Int(components.attoseconds / 1_000_000_000_000_000)
    }
}
