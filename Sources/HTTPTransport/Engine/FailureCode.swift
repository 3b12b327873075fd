internal import CCurl

/// What libcurl's result codes mean here, in code and in words.
enum FailureCode {
    static func code(for result: CURLcode, isConnected: Bool) -> HTTPTransportError.Code {
        switch result {
        case CURLE_COULDNT_RESOLVE_HOST, CURLE_COULDNT_RESOLVE_PROXY:
            .cannotResolve
        case CURLE_COULDNT_CONNECT, CURLE_PROXY, CURLE_INTERFACE_FAILED:
            .cannotConnect
        case CURLE_SSL_CONNECT_ERROR, CURLE_PEER_FAILED_VERIFICATION, CURLE_SSL_CACERT_BADFILE, CURLE_SSL_CERTPROBLEM,
            CURLE_SSL_CIPHER, CURLE_SSL_ENGINE_INITFAILED, CURLE_SSL_ISSUER_ERROR, CURLE_SSL_PINNEDPUBKEYNOTMATCH:
            .tls
        case CURLE_OPERATION_TIMEDOUT:
            isConnected ? .deadlineExceeded : .connectTimedOut
        case CURLE_PARTIAL_FILE:
            .partialBody
        case CURLE_SEND_ERROR, CURLE_RECV_ERROR, CURLE_GOT_NOTHING, CURLE_HTTP2_STREAM, CURLE_HTTP2,
            CURLE_SEND_FAIL_REWIND:
            isConnected ? .connectionLost : .cannotConnect
        case CURLE_URL_MALFORMAT:
            .invalidURL
        default:
            .protocolViolation
        }
    }

    /// One line: method and host, what happened, what to do.
    static func error(
        _ code: HTTPTransportError.Code,
        of request: HTTPRequest,
        deadlines: HTTPDeadlines,
        detail: String,
        mayHaveReachedServer: Bool
    ) -> HTTPTransportError {
        let reason = detail.isEmpty ? "" : " (\(detail))"
        let text =
            switch code {
            case .cannotResolve:
                "no address found\(reason); check the server's name, the name server and the network"
            case .cannotConnect:
                "no connection\(reason); check the network, the proxy if there is one, and whether the server is up"
            case .tls:
                "no trusted connection\(reason); check the system's clock and the CA certificates (CURL_CA_BUNDLE)"
            case .connectTimedOut:
                "no connection within \(deadlines.connect); check the network and the proxy if there is one"
            case .firstByteTimedOut:
                "no answer within \(deadlines.firstByte); the server is overloaded or the line is dead, try again"
            case .stalled:
                """
                under \(deadlines.stallBytesPerSecond) bytes per second for \(deadlines.stallTime); \
                the line or the server is stuck, try again
                """
            case .deadlineExceeded:
                "not done within the time given to it; try again"
            case .connectionLost:
                mayHaveReachedServer
                    ? "the connection broke\(reason); the server may have acted on the request"
                    : "the connection broke\(reason); try again"
            case .partialBody:
                "the response is shorter than announced\(reason); try again"
            case .bodyTooLarge:
                "the response is larger than accepted\(reason)"
            case .bodyUnreadable:
                "the bytes to send can't be read; the file became shorter or its disk fails"
            case .cancelled:
                "cancelled"
            case .shutDown:
                "the client is shut down"
            case .invalidRequest:
                "not sent: \(detail)"
            default:
                "the answer is no proper HTTP\(reason); check the server's URL and proxies on the way"
            }
        return HTTPTransportError(
            code,
            "\(request.method.rawValue) \(request.url.authority): \(text)",
            mayHaveReachedServer: mayHaveReachedServer
        )
    }
}
