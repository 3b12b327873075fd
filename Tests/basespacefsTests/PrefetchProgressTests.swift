import Testing

@testable import basespacefs

@Suite("The progress of a prefetch")
struct PrefetchProgressTests {
    private let half = PrefetchSnapshot(
        isLooking: false,
        files: 12,
        filesDone: 5,
        bytes: 4 << 30,
        bytesDone: 2 << 30
    )

    private func text(_ width: Int, rate: Double = 0x1p26) -> String {
        PrefetchProgress.text(half, rate: rate, width: width)
    }

    @Test("is a bar, bytes, rate, time and files")
    func whole() {
        let bar = "[\(String(repeating: "#", count: 20))\(String(repeating: "-", count: 20))]"
        #expect(text(200) == "\(bar)  50 %  2.0 GiB of 4.0 GiB  64.0 MiB/s  ETA 32 s  5/12 files")
    }

    @Test("never fills the last column, and leaves out what matters least", arguments: 1...130)
    func width(columns: Int) {
        #expect(text(columns).count < columns)
        let line = text(columns)
        #expect(line.contains("ETA") || !line.contains("files"))
        #expect(line.contains("50 %") || columns < 25)
    }

    @Test("has no time while nothing moves")
    func standing() {
        #expect(text(200, rate: 0).contains("  0 bytes/s  ETA -  "))
    }

    @Test("says what was found while it looks, and is full when nothing is to be read")
    func ends() {
        let looking = PrefetchSnapshot(files: 3, bytes: 1 << 20)
        #expect(PrefetchProgress.text(looking, rate: 0, width: 80) == "looking for files: 3, 1.0 MiB")
        let nothing = PrefetchSnapshot(isLooking: false)
        #expect(PrefetchProgress.text(nothing, rate: 0, width: 80).contains("###] 100 %  0 bytes of 0 bytes"))
    }
}

@Suite("What a prefetch tells in the end")
struct PrefetchReportTests {
    @Test("is one line, with what was there before")
    func text() {
        var report = PrefetchReport()
        (report.files, report.bytes, report.filesBefore, report.bytesBefore) = (3, 3 << 20, 1, 1 << 20)
        (report.filesCached, report.bytesCached, report.bytesRead, report.seconds) = (3, 3 << 20, 2 << 20, 2)
        #expect(
            report.text
                == "In the cache: 3 of 3 files, 3.0 MiB (1 from before); read 2.0 MiB in 2.0 s, 1.0 MiB/s."
        )
        #expect(report.problem == nil)
        report.filesCached = 2
        #expect(report.problem?.hasPrefix("1 file did not stay in the cache whole") == true)
        report.failures = [.init(path: "/a", problem: "x")]
        #expect(report.problem?.hasPrefix("1 of what was asked for could not be cached") == true)
        report.complete = false
        #expect(report.text == "Interrupted: 2 of 3 files, 3.0 MiB of 3.0 MiB, are in the cache and stay there.")
    }

    @Test("counts what is read, and takes back what did not stay")
    func board() {
        let board = PrefetchBoard()
        #expect(board.interruptedReport() == nil)
        for size in [10, 20, 30] as [Int64] { board.found(bytes: size) }
        board.begin(files: 2, bytes: 45)
        #expect(board.progress == PrefetchSnapshot(isLooking: false, files: 2, bytes: 45))
        board.read(25)
        board.done(isWhole: true)
        let interrupted = board.interruptedReport()
        #expect(interrupted?.bytesCached == 40 && interrupted?.filesCached == 2 && interrupted?.complete == false)
        board.read(20)
        board.done(isWhole: true)
        board.fail("/x\u{1B}", "gone")
        #expect(board.takeMessages() == ["/x?: gone"])
        #expect(board.takeMessages() == [])
        board.end(lost: (files: 1, bytes: 5))
        guard case .success(let report)? = board.outcome else {
            Issue.record("it has not ended")
            return
        }
        #expect(report.files == 3 && report.filesBefore == 1 && report.filesCached == 2)
        #expect(report.bytes == 60 && report.bytesBefore == 15 && report.bytesCached == 55 && report.bytesRead == 45)
    }
}
