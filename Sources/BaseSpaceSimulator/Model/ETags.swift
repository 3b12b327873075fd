import Digests
import Synchronization
import SystemPackage

/// The ETags of the data directory's files, made when somebody first asks.
///
/// A small file's is its MD5, as of an object that was uploaded in one request. Hashing gigabytes for a listing would
/// take too long, so a large file gets one of the form `<32 hex>-<parts>` that multipart uploads have, made of its path,
/// size and time: it says whether the content changed, which is all that a client can learn from such an ETag.
final class ETags: Sendable {
    /// 64 MiB: about a tenth of a second of MD5.
    static let hashedSizeLimit: Int64 = 64 << 20
    /// Illumina's uploader sends parts of 8 MiB (a recorded file of 48,526,491 bytes has the suffix `-6`).
    static let partSize: Int64 = 8 << 20

    /// By file, and by place: many files may share one.
    private let known = Mutex<(files: [Int64: String], places: [FilePath: String])>(([:], [:]))

    /// The ETag of a file. Blocks while it reads the file for the first time.
    func etag(of file: File) throws(Errno) -> String {
        if let etag = file.etag ?? known.withLock({ $0.files[file.id] }) { return etag }
        let place = file.location ?? ""
        if let etag = known.withLock({ $0.places[place] }) { return etag }
        let etag = try makeETag(of: file)
        known.withLock { known in
            known.files[file.id] = etag
            known.places[place] = etag
        }
        return etag
    }

    private func makeETag(of file: File) throws(Errno) -> String {
        guard let location = file.location else { return MD5.digest(of: []).hexadecimal }
        if file.size > Self.hashedSizeLimit {
            let text = "\(location) \(file.size) \(file.modified.ticks)"
            let parts = (file.size + Self.partSize - 1) / Self.partSize
            return "\(MD5.digest(of: Array(text.utf8)).hexadecimal)-\(parts)"
        }
        return try Self.md5(ofFileAt: location).hexadecimal
    }

    /// The MD5 of a whole file. Blocks.
    static func md5(ofFileAt path: FilePath) throws(Errno) -> Digest {
        do {
            let descriptor = try FileDescriptor.open(path, .readOnly, options: .closeOnExec)
            defer { try? descriptor.close() }
            var md5 = MD5()
            // 1 MiB: big enough that system calls don't count, small enough for the stack of caches below.
            let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 1 << 20, alignment: 16)
            defer { buffer.deallocate() }
            while true {
                let count = try descriptor.read(into: buffer)
                if count == 0 { return md5.finish() }
                md5.update(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            }
        } catch let error as Errno {
            throw error
        } catch {
            throw .ioError
        }
    }
}
