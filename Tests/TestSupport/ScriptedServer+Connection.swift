import Glibc

extension ScriptedServer {
    /// A connection's blocking reads and writes; used by one thread.
    final class Connection: Sendable {
        let descriptor: CInt

        init(_ descriptor: CInt) {
            self.descriptor = descriptor
            var one: CInt = 1
            setsockopt(descriptor, CInt(IPPROTO_TCP), TCP_NODELAY, &one, socklen_t(MemoryLayout<CInt>.size))
        }

        func close() {
            _ = Glibc.close(descriptor)
        }

        /// Does a step. `false` when the connection is at its end.
        func perform(_ step: Step, isStopping: () -> Bool) -> Bool {
            switch step {
            case .send(let bytes):
                return write(bytes)
            case .drip(let bytes, let pause):
                return bytes.allSatisfy { byte in
                    wait(pause)
                    return !isStopping() && write([byte])
                }
            case .zeros(let count):
                let chunk = [UInt8](repeating: 0, count: 1 << 16)
                var left = count
                while left > 0 {
                    guard write(left < chunk.count ? Array(chunk.prefix(left)) : chunk) else { return false }
                    left -= min(left, chunk.count)
                }
                return true
            case .hang:
                var byte: UInt8 = 0
                while recv(descriptor, &byte, 1, 0) > 0 {}
                return false
            case .until(let condition):
                while !condition() {
                    guard !isStopping() else { return false }
                    wait(.milliseconds(2))
                }
                return true
            case .close:
                return false
            case .reset:
                prepareReset()
                return false
            }
        }

        /// Makes `close()` send a reset: it lingers for no time.
        private func prepareReset() {
            var option = linger(l_onoff: 1, l_linger: 0)
            setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
        }

        /// Reads a request to its end; `nil` when the connection is at its end, or shall be.
        func readRequest(
            resetsBeforeBody: () -> Bool
        ) -> (method: String, target: String, headers: [String: String], body: [UInt8])? {
            // Byte by byte: heads are short, and nothing of what follows may be taken.
            var head: [UInt8] = []
            while !head.suffix(4).elementsEqual(Array("\r\n\r\n".utf8)) {
                var byte: UInt8 = 0
                guard recv(descriptor, &byte, 1, 0) == 1 else { return nil }
                head.append(byte)
            }
            let lines = String(decoding: head, as: UTF8.self).split(separator: "\r\n")
            let words = lines[0].split(separator: " ")
            var headers: [String: String] = [:]
            for line in lines.dropFirst() {
                let colon = line.firstIndex(of: ":") ?? line.endIndex
                headers[line[..<colon].lowercased()] = String(line[colon...].dropFirst().drop { $0 == " " })
            }
            guard !resetsBeforeBody() else {
                prepareReset()
                return nil
            }
            guard let body = readBody(headers["content-length"].flatMap { Int($0) } ?? 0) else { return nil }
            return (String(words[0]), String(words[1]), headers, body)
        }

        private func readBody(_ length: Int) -> [UInt8]? {
            var body = [UInt8](repeating: 0, count: length)
            var received = 0
            while received < length {
                let count = body[received...].withUnsafeMutableBytes { recv(descriptor, $0.baseAddress, $0.count, 0) }
                guard count > 0 else { return nil }
                received += count
            }
            return body
        }

        private func write(_ bytes: [UInt8]) -> Bool {
            var sent = 0
            while sent < bytes.count {
                let count = bytes[sent...].withUnsafeBytes {
                    send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL))
                }
                guard count > 0 else { return false }
                sent += count
            }
            return true
        }

        private func wait(_ duration: Duration) {
            let milliseconds = duration / .milliseconds(1)
            usleep(UInt32(milliseconds * 1000))
        }
    }
}
