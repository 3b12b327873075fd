import BaseSpaceSimulator
import Foundation
import SystemPackage
import TestSupport
import Testing

extension EndToEnd {
    @Suite("When files are uploaded")
    struct PolicyTests {
        private static let data = ["projects/P/samples/S/x": 1]
        private static let post = Fault.Match(listener: .api, method: "POST", path: "*/appresults/*/files*")

        @Test("close: the last of a program's descriptors waits for the upload, whichever of them was written to")
        func lastDescriptor() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                // Who did not wait would be done long before it has arrived.
                mount.account.simulator.setFaults([.init(.latency(.seconds(1)), on: Self.post)])
                try await mount.output(
                    """
                    python3 - "$1" <<'EOF'
                    import os, sys
                    written = os.open(sys.argv[1], os.O_CREAT | os.O_WRONLY)
                    other = os.open(sys.argv[1], os.O_RDWR)
                    os.write(written, b"data")
                    os.close(written)
                    os.close(other)
                    EOF
                    """,
                    mount.absolute(result.files + "/f")
                )
                #expect(result.received.map(\.size) == [4])
            }
        }

        @Test("close: who waits for the upload is let go when somebody else writes the file, and that one commits it")
        func writtenWhileClosing() async throws {
            // What the service got of the first upload may have arrived already.
            try await Mount.using(.random(Self.data), configure: { $0.samePath = .replace }) { mount in
                let result = try await mount.makeAppResult()
                mount.account.simulator.setFaults([.init(.hang, on: Self.post)])
                let shell = try mount.start(
                    "bash",
                    "-c",
                    """
                    {
                        echo first
                        { until [ -e "$WORK/go" ] || ((SECONDS > 60)); do read -rt 0.05 < <(:); done; echo second; } &
                    } > "$MNT/\(result.files)/f"
                    touch "$WORK/closed"
                    wait
                    """
                )
                try await eventually("the upload has begun") {
                    !mount.account.simulator.requests(toPost: result).isEmpty
                }
                try await mount.output("! [ -e $WORK/closed ] && touch $WORK/go")
                try await eventually("it is closed") {
                    FileManager.default.fileExists(atPath: mount.account.home.file("work/closed").string)
                }
                mount.account.simulator.setFaults([])
                #expect(try await shell.result().status == 0)
                try await eventually("all of it has arrived") {
                    result.received.map(\.size) == [13]
                }
            }
        }

        @Test("A writer that is killed before its first byte commits nothing")
        func killedAtOnce() async throws {
            try await Mount.using(.random(Self.data)) { mount in
                let result = try await mount.makeAppResult()
                _ = try await mount.run("bash -c 'exec 3> \"$0\"; kill -9 $$' '\(result.files)/f'")
                try await mount.expect("echo complete > '\(result.path)/Status'", failsWith: "Input/output error")
                #expect(result.received.isEmpty)
                try await result.output("rm f")
                try await mount.output("echo complete > '\(result.path)/Status'")
            }
        }

        @Test("Status waits for what others close while it waits")
        func lateFile() async throws {
            try await Mount.using(.random(Self.data), options: "--upload-policy", "complete") { mount in
                let result = try await mount.makeAppResult()
                try await result.output("echo early > early")
                mount.account.simulator.setFaults([.init(.hang, on: Self.post)])
                let status = try mount.start("bash", "-c", "echo complete > \"$MNT/\(result.path)/Status\"")
                try await eventually("the upload has begun") {
                    !mount.account.simulator.requests(toPost: result).isEmpty
                }
                try await result.output("echo late > late")
                mount.account.simulator.setFaults([])
                #expect(try await status.result().status == 0)
                #expect(result.received.map(\.path).sorted() == ["early", "late"])
                #expect(try await result.session().status == "Complete")
            }
        }

        @Test("What was sent under another name is not used under the new one")
        func renamedAfterFailure() async throws {
            try await Mount.using(.random(Self.data), options: "--upload-part-size", "5M") { mount in
                let result = try await mount.makeAppResult()
                try await mount.output("head -c 12000000 /dev/urandom > $WORK/f")
                // Neither the last part nor the end of the upload gets through.
                mount.account.simulator.setFaults([
                    .init(.status(403), on: .init(listener: .api, method: "PUT", path: "*/parts/3")),
                    .init(.status(403), on: .init(listener: .api, method: "POST", path: "*/v1pre3/files/*")),
                ])
                try await mount.expect("cp $WORK/f '\(result.files)/a'", failsWith: "Permission denied")
                mount.account.simulator.setFaults([])
                try await result.output("mv a b && cmp b $WORK/f")
                #expect(result.received.map(\.path) == ["b"])
            }
        }

        @Test("background: close does not wait for the upload, and `complete` does")
        func background() async throws {
            try await Mount.using(.random(Self.data), options: "--upload-policy", "background") { mount in
                let result = try await mount.makeAppResult()
                // Nothing arrives while the service does not answer, and no close hangs.
                mount.account.simulator.setFaults([.init(.hang, on: Self.post)])
                try await result.output("for i in 1 2 3 4 5 6; do echo $i > f$i; done; cat f*")
                #expect(result.received.isEmpty)
                mount.account.simulator.setFaults([])
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(result.received.map(\.path).sorted() == ["f1", "f2", "f3", "f4", "f5", "f6"])
                #expect(mount.account.staged == [])
            }
        }

        @Test("background: fsync of the directory waits, and tells that an upload failed")
        func directorySync() async throws {
            try await Mount.using(.random(Self.data), options: "--upload-policy", "background") { mount in
                let result = try await mount.makeAppResult()
                try await result.output("mkdir d; echo 1 > d/f; sync d && test \"$(cat d/f)\" = 1")
                #expect(result.received.map(\.path) == ["d/f"])
                mount.account.simulator.setFaults([.init(.status(403), on: Self.post)])
                try await result.output("echo 2 > d/g")
                try await mount.expect("sync '\(result.files)/d'", failsWith: "Input/output error")
                try await mount.expect("echo complete > '\(result.path)/Status'", failsWith: "Input/output error")
                #expect(try await result.session().status == "Running")
                mount.account.simulator.setFaults([])
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(result.received.map(\.path).sorted() == ["d/f", "d/g"])
            }
        }

        @Test("complete: until then files are local ones, which can be renamed, replaced, edited and removed")
        func complete() async throws {
            try await Mount.using(.random(Self.data), options: "--upload-policy", "complete") { mount in
                let result = try await mount.makeAppResult()
                try await result.output(
                    """
                    printf 'one\\ntwo\\n' > text && sed -i 's/two/three/' text && grep -q three text
                    echo gone > gone && rm gone
                    echo a > a && mv a b && echo c > c && mv c b
                    seq 10000 > big && gzip big && mv big.gz renamed.gz
                    """
                )
                #expect(result.received.isEmpty)
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(result.received.map(\.path).sorted() == ["b", "renamed.gz", "text"])
                #expect(try await result.output("cat b text; zcat renamed.gz | tail -1") == "c\none\nthree\n10000\n")
                #expect(mount.account.staged == [])
            }
        }

        @Test("complete: what waits for Status waits for the next mount, and unmount says so")
        func completeInTheNextMount() async throws {
            try await Account.using(.random(Self.data)) { account in
                let mount = try await account.mount("--upload-policy", "complete")
                let result = try await mount.makeAppResult()
                try await result.output("mkdir -p d/e && echo data > d/e/f && touch -d @1000000000 d/e/f")
                let end = try await mount.unmount()
                #expect(end.status != 0)
                #expect(end.errors.contains("'d/e/f' waits for Status"), "\(end.errors)")

                let again = try await account.mount("--upload-policy", "complete")
                #expect(
                    try await again.output("cat '\(result.files)/d/e/f'; stat -c %Y '\(result.files)/d/e/f'")
                        == "data\n1000000000\n"
                )
                #expect(result.received.isEmpty)
                try await again.output("echo complete > '\(result.path)/Status'")
                #expect(result.received.map(\.path) == ["d/e/f"])
                #expect(account.staged == [])
            }
        }

        @Test("A sequential writer's parts are sent while it still writes, and once")
        func streams() async throws {
            try await Mount.using(.random(Self.data), options: "--upload-part-size", "5M") { mount in
                let result = try await mount.makeAppResult()
                let parts = { @Sendable in
                    mount.account.simulator.requests.filter { $0.method == "PUT" && $0.path.contains("/parts/") }
                }
                // The writer goes on only when a part has arrived that it wrote before.
                let writer = try mount.start(
                    "bash",
                    "-c",
                    """
                    exec 3> "$MNT/\(result.files)/f"
                    head -c 12000000 /dev/zero >&3
                    until [ -e "$WORK/go" ] || ((SECONDS > 60)); do read -rt 0.05 < <(:) || true; done
                    head -c 12000000 /dev/zero >&3
                    exec 3>&-
                    """
                )
                try await eventually("two parts have arrived") { parts().count == 2 }
                #expect(result.received.isEmpty)
                try await mount.output("touch $WORK/go")
                #expect(try await writer.result().status == 0)
                try await eventually("the file has arrived") { result.received.map(\.size) == [24_000_000] }
                #expect(parts().count == 5)
            }
        }

        @Test("background: small files are not stuck behind a big one")
        func smallFilesOvertake() async throws {
            try await Mount.using(.random(Self.data), options: "--upload-policy", "background") { mount in
                let result = try await mount.makeAppResult()
                try await mount.output("mkdir $WORK/small; seq 300 | split -l 1 -a 3 - $WORK/small/")
                // The big file is on its way all the time: its first parts are answered when the small ones are there.
                mount.account.simulator.setFaults([.init(.hang, on: .init(method: "PUT", path: "*/parts/*"))])
                try await result.output("head -c 200M /dev/zero > big && cp -r $WORK/small .")
                try await eventually("the small files have arrived") { result.received.count == 300 }
                #expect(mount.account.simulator.requests.contains { $0.path.contains("/parts/") })
                #expect(result.received.allSatisfy { $0.path.hasPrefix("small/") })

                mount.account.simulator.setFaults([])
                try await mount.output("echo complete > '\(result.path)/Status'")
                #expect(result.received.first { $0.path == "big" }?.size == 200 << 20)
                #expect(try await result.output("diff -r small $WORK/small && ls | wc -l") == "2\n")
                #expect(result.acceptedUploads == 301, "each file is sent once")
            }
        }

        @Test("The header that is written last is in what arrives")
        func patchedHeader() async throws {
            try await Mount.using(.random(Self.data), options: "--upload-part-size", "5M") { mount in
                let result = try await mount.makeAppResult()
                try await mount.output(
                    """
                    python3 - "$1" "$WORK/local" <<'EOF'
                    import random, sys
                    random.seed(1)
                    body = random.randbytes(1 << 20)
                    for path in sys.argv[1:]:
                        with open(path, "wb") as f:
                            f.write(b"header?!")
                            for _ in range(17): f.write(body)
                            f.seek(0)
                            f.write(b"HEADER!!")
                            f.truncate(17 * (1 << 20))
                    EOF
                    cmp "$1" "$WORK/local"
                    """,
                    mount.absolute(result.files + "/f")
                )
                let sum = try await mount.output("md5sum < $WORK/local")
                #expect(result.received.map { "\($0.md5)  -\n" } == [sum])
            }
        }
    }
}

extension Simulator {
    /// The requests that make a file in an AppResult.
    fileprivate func requests(toPost result: NewAppResult) -> [RecordedRequest] {
        requests.filter { $0.method == "POST" && $0.path.hasSuffix("appresults/\(result.id)/files") }
    }
}
