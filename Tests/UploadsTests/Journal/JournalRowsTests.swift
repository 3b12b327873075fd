import BaseSpaceAPI
import Testing

@testable import Uploads

struct JournalRowsTests {
    @Test(arguments: [
        FileContainer.appResult("1"), .sample("1"), .run("1"), .dataset("ds.1"), .logs("1", session: "2"),
    ])
    func aContainerComesBackFromItsColumns(_ container: FileContainer) {
        #expect(ContainerKind(container).container(container.id.rawValue) == container)
    }
}
