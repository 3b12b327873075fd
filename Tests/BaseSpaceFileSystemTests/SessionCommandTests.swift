import BaseSpaceAPI
import Namespace
import SystemPackage
import Testing

@testable import BaseSpaceFileSystem

@Suite struct SessionCommandTests {
    @Test(
        arguments: [
            ("complete\n", SessionStatus.complete, nil),
            ("COMPLETE", .complete, nil),
            ("complete All is well\n", .complete, "All is well"),
            ("needsattention\n", .needsAttention, nil),
            ("  aborted  by hand\nsecond line", .aborted, "by hand"),
        ] as [(String, SessionStatus, String?)]
    )
    func aStateMayBringItsSummary(text: String, status: SessionStatus, summary: String?) throws {
        let command = try SessionCommand(text, to: .status) { _ in }
        #expect(command.status == status)
        #expect(command.summary == summary)
    }

    @Test func aSummaryAloneLeavesTheState() throws {
        let command = try SessionCommand("complete is just a word here\n", to: .statusSummary) { _ in }
        #expect(command.status == nil)
        #expect(command.summary == "complete is just a word here")
    }

    @Test(arguments: ["", "\n", "done\n", "complete " + String(repeating: "x", count: 129)])
    func whatTheServiceWouldRefuseIsEINVAL(text: String) {
        #expect(throws: Errno.invalidArgument) { try SessionCommand(text, to: .status) { _ in } }
    }

    @Test(arguments: [
        ("a/b.bam", false), (".b.bam.Xy12", true), ("a/.snakemake/log", true), ("a.b/c", false),
    ])
    func dotNamesStayHere(path: String, isHidden: Bool) {
        #expect(FilePlace(container: .appResult("1"), path: path).isHidden == isHidden)
    }
}
