import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

/// Whether the kernel lets programs map files shared whose handles leave the page cache out: since Linux 6.6.
private enum SharedMaps {
    static let arePossible: Bool = {
        let release = (try? String(contentsOfFile: "/proc/sys/kernel/osrelease", encoding: .utf8)) ?? ""
        let numbers = release.split { !$0.isNumber }.prefix(2).compactMap { Int($0) }
        return numbers.count == 2 && (numbers[0], numbers[1]) >= (6, 6)
    }()
}

extension EndToEnd {
    @Suite("Staged files that are mapped, or allocated", .enabled(if: SharedMaps.arePossible))
    struct MappingTests {
        /// `map(path, size)`: a shared map of a new file, whose only descriptor is closed; `put` writes into it.
        private static let maps = """
            import ctypes, os, signal
            libc = ctypes.CDLL(None, use_errno=True)
            libc.mmap.restype = ctypes.c_void_p
            libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t] + [ctypes.c_int] * 3 + [ctypes.c_long]
            libc.munmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t]
            def map(path, size, first):
                file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
                os.pwrite(file, first, 0)
                os.ftruncate(file, size)
                address = libc.mmap(None, size, 3, 1, file, 0)
                assert address != ctypes.c_void_p(-1).value, os.strerror(ctypes.get_errno())
                os.close(file)
                return address
            def put(address, offset, data):
                ctypes.memmove(address + offset, data, len(data))

            """

        private func withResult(_ body: (NewAppResult) async throws -> Void) async throws {
            try await Mount.using(.random(["projects/P/samples/S/x": 1])) { mount in
                try await mount.output("head -c 5000000 /dev/urandom > $WORK/a")
                try await body(try await mount.makeAppResult())
            }
        }

        @Test("What is written through a map is read by others after msync, and uploaded by close, every byte")
        func mapped() async throws {
            try await withResult { result in
                try await result.expectSameAsLocally(
                    """
                    python3 -c '
                    import mmap, os, subprocess
                    data = open(os.environ["WORK"] + "/a", "rb").read()
                    with open("mapped", "w+b") as file:
                        file.truncate(len(data))
                        with mmap.mmap(file.fileno(), 0) as map:
                            for start in range(0, len(data), 777777):
                                map[start:start + 777777] = data[start:start + 777777]
                            map.flush()
                            subprocess.run(["cmp", "mapped", os.environ["WORK"] + "/a"], check=True)
                            # Written and mapped at the same time, on the same page.
                            os.pwrite(file.fileno(), b"in between", 4096)
                            assert map[4096:4106] == b"in between"
                            map[0:4] = b"head"
                            assert os.pread(file.fileno(), 8, 0) == b"head" + data[4:8]
                            map[-4:] = b"tail"
                    '
                    """
                )
                #expect(result.received.map(\.size) == [5_000_000])
            }
        }

        @Test("A file whose descriptors are closed is uploaded when the last map of it is gone, and not before")
        func mapOutlivesDescriptor() async throws {
            try await withResult { result in
                try await result.expectSameAsLocally(
                    """
                    python3 -c '\(Self.maps)
                    address = map("f", 3000000, b"first")
                    put(address, 2999990, b"the end of")
                    put(address, 1000000, b"the middle")
                    libc.munmap(address, 3000000)
                    '
                    """
                )
            }
        }

        @Test("A map that is there when its program ends is written and uploaded")
        func mapUntilExit() async throws {
            try await withResult { result in
                try await result.expectSameAsLocally(
                    "python3 -c '\(Self.maps)\nput(map(\"f\", 3000000, b\"first\"), 2999990, b\"the end of\")'"
                )
            }
        }

        @Test("Threads that map, close and unmap files at the same time get on")
        func mapsOfManyThreads() async throws {
            try await withResult { result in
                try await result.expectSameAsLocally(
                    """
                    python3 -c '\(Self.maps)
                    from concurrent.futures import ThreadPoolExecutor
                    def work(number):
                        for round in range(8):
                            address = map(f"f-{number}-{round}", 300000, b"first")
                            put(address, 299990, b"the end %d" % number)
                            libc.munmap(address, 300000)
                    with ThreadPoolExecutor(12) as threads:
                        list(threads.map(work, range(12)))
                    '
                    """
                )
                #expect(result.received.count == 96)
            }
        }

        @Test("Who is killed while it writes to a map leaves no half file at the service")
        func killedMapper() async throws {
            try await withResult { result in
                let run = try await result.mount.run(
                    """
                    cd '\(result.files)'; python3 -c '\(Self.maps)
                    put(map("f", 3000000, b"first"), 5, b"half")
                    os.kill(os.getpid(), signal.SIGKILL)
                    '
                    """
                )
                #expect(run.status == 137, "\(run.errors)")
                let unmount = try await result.mount.unmount()
                #expect(unmount.status == 1 && unmount.errors.contains("'f'"), "\(unmount.errors)")
                #expect(result.received.isEmpty)
            }
        }

        @Test("fallocate makes room, holes and zeros, and what comes of it is uploaded")
        func allocated() async throws {
            try await withResult { result in
                // tmpfs, which a temporary directory may be on, has no -z.
                let zeroes = "fallocate -z -o 2000000 -l 4000000"
                let isPossible = try await result.mount.run("cp $WORK/a $WORK/z && \(zeroes) $WORK/z").status == 0
                try await result.expectSameAsLocally(
                    """
                    cp --sparse=never $WORK/a .edited && fallocate -p -o 4096 -l 1000000 .edited &&
                    \(isPossible ? zeroes : "truncate -s 6000000") .edited && fallocate -n -l 9000000 .edited &&
                    test $(stat -c %s .edited) = 6000000 && mv .edited edited && cat edited > copy
                    """
                )
                result.mount.account.simulator.setFaults([
                    .init(.latency(.milliseconds(300)), on: .init(method: "POST", path: "*/files"))
                ])
                try await result.output("fallocate -l 300000 allocated")
                #expect(
                    result.received.contains { $0.path == "allocated" && $0.size == 300_000 },
                    "close waited for it"
                )
                try await result.mount.expect("fallocate -l 9 '\(result.path)/Status'", failsWith: "not supported")
            }
        }
    }
}
