import ArgumentParser
import SystemPackage

#if canImport(Glibc)
import Glibc
#elseif canImport(Musl)
import Musl
#endif

/// Where the token comes from; never from an argument, which everybody on the machine can read.
struct AccessTokenSource {
    let file: String?

    /// The token, and whether nobody else can know it yet.
    func token() throws -> (text: String, isUnknownToOthers: Bool) {
        if let file {
            let path = FilePath(file)
            do {
                return (try read(path), false)
            } catch Errno.noSuchFileOrDirectory {
                let token = makeToken()
                try write(token, to: path)
                return (token, false)
            }
        }
        if let token = getenv("BASESPACE_ACCESS_TOKEN").map({ String(cString: $0) }), !token.isEmpty {
            return (token, false)
        }
        return (makeToken(), true)
    }

    /// 32 hexadecimal digits, as the live service's tokens.
    private func makeToken() -> String {
        let digits = Array("0123456789abcdef")
        var random = SystemRandomNumberGenerator()
        return String((0..<32).map { _ in digits[Int.random(in: 0..<16, using: &random)] })
    }

    private func read(_ path: FilePath) throws -> String {
        let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
        defer { try? descriptor.close() }
        var bytes = [UInt8](repeating: 0, count: 4096)
        let count = try bytes.withUnsafeMutableBytes { try descriptor.read(into: $0) }
        let token = String(decoding: bytes[..<count].filter { $0 > 0x20 }, as: UTF8.self)
        if token.isEmpty { throw ValidationError("\(path) is empty; put a token into it or delete it") }
        return token
    }

    private func write(_ token: String, to path: FilePath) throws {
        let descriptor = try FileDescriptor.open(
            path,
            .writeOnly,
            options: [.create, .exclusiveCreate, .closeOnExec],
            permissions: .ownerReadWrite
        )
        defer { try? descriptor.close() }
        try descriptor.writeAll(Array("\(token)\n".utf8))
    }
}
