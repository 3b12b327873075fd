import HTTPTransport
import Testing

struct URLTests {
    @Test(arguments: [
        "http://example.com", "ftp://example.com", "file:///etc/passwd", "example.com", "https://", "", "https://a b/",
        "http://127.0.0.1.example.com/", "http://localhost.example.com/", "http://127.1.1.1.1/",
        "https://u:p@example.com/",
        "https://host/\r\nX: y", "http://127.0.0.1@example.com/", "http://[::2]/",
    ])
    func refusesWhatMustNotBeContacted(_ text: String) {
        #expect { try HTTPURL(text) } throws: { ($0 as? HTTPTransportError)?.code == .invalidURL }
    }

    @Test(arguments: [
        "http://127.0.0.1:80/a", "http://127.9.8.7/", "http://localhost:8080", "http://[::1]:9/x", "https://[::1]/",
    ])
    func acceptsHTTPOnLoopback(_ text: String) throws {
        #expect(try HTTPURL(text).isLoopback)
    }

    @Test func takesURLsApart() throws {
        let url = try HTTPURL("https://Bucket.S3.example/ab/c%20d.bam?Signature=s%3D&Expires=1")
        #expect(url.host == "bucket.s3.example" && url.port == 443 && url.scheme == "https" && !url.isLoopback)
        #expect(url.path == "/ab/c%20d.bam")
        #expect(try HTTPURL("https://h:8443").port == 8443)
        #expect(try HTTPURL("https://h").path == "/")
    }

    @Test func encodesPathAndQuery() throws {
        let root = try HTTPURL("https://h/api/?old=1")
        #expect(try root.appending(path: "v1/a b/ü").string == "https://h/api/v1/a%20b/%C3%BC")
        let url = try root.appending(segments: ["x/y", "100%"], query: [("name", "a+b&c=d"), ("n", "")])
        #expect(url.string == "https://h/api/x%2Fy/100%25?name=a%2Bb%26c%3Dd&n=")
    }

    @Test func resolvesLinks() throws {
        let root = try HTTPURL("https://api.example")
        #expect(try root.resolving("v1pre3/files/1?x=y").string == "https://api.example/v1pre3/files/1?x=y")
        #expect(try root.resolving("/v1pre3/files/1").string == "https://api.example/v1pre3/files/1")
        #expect(try root.resolving("https://other/x?s=1").host == "other")
        #expect(try root.resolving("//evil.example/x").host == "api.example")
        #expect(try root.resolving("@evil.example/x").host == "api.example")
        #expect(try root.resolving("files?next=http://evil.example/").host == "api.example")
        #expect(throws: HTTPTransportError.self) { try root.resolving("http://evil.example/") }
    }

    @Test func comparesOrigins() throws {
        let url = try HTTPURL("https://api.example/x")
        #expect(try url.hasSameOrigin(as: HTTPURL("https://API.example:443/other?q")))
        #expect(try !url.hasSameOrigin(as: HTTPURL("https://api.example:444/x")))
        #expect(try !url.hasSameOrigin(as: HTTPURL("https://api.example.evil/x")))
        #expect(try !HTTPURL("http://localhost:1").hasSameOrigin(as: HTTPURL("https://localhost:1")))
    }

    @Test func showsNoSecretAnywhere() throws {
        let url = try HTTPURL("https://h/a.bam?Signature=SECRET")
        var request = HTTPRequest(.get, url, headers: ["x-access-token": "SECRET", "Range": "bytes=0-1"])
        request.headers.add("Authorization", "Bearer SECRET")
        var dumped = ""
        dump(request, to: &dumped)
        dump(HTTPResponseHead(status: 302, headers: ["Location": "https://h/?SECRET"]), to: &dumped)
        for text in [
            "\(request)", String(reflecting: request), "\(request.headers)", "\(url)", String(reflecting: url), dumped,
        ] {
            #expect(!text.contains("SECRET"), "\(text)")
        }
        #expect("\(request)" == "GET https://h/a.bam")
        #expect("\(request.headers)".contains("Range: bytes=0-1"))
        #expect { try HTTPURL("http://example.com/?SECRET") } throws: { !"\($0)".contains("SECRET") }
        #expect { try HTTPURL("https://u:SECRET@example.com/") } throws: { !"\($0)".contains("SECRET") }
    }

    @Test func findsHeadersInAnyCase() {
        var headers: HTTPHeaders = ["ETag": "a", "X": "1"]
        headers.add("x", "2")
        #expect(headers["etag"] == "a" && headers["X"] == "1")
        headers["x"] = "3"
        #expect(headers.map(\.value) == ["a", "3"])
        headers["ETAG"] = nil
        #expect(headers.map(\.name) == ["x"])
    }
}
