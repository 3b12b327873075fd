import TestSupport
import Testing

@testable import Uploads

/// The state machine against a service in memory, with a writer that does as it likes, failures at any place, and
/// processes that are killed at any moment.
@Suite(.timeLimit(.minutes(3))) struct UploadSessionPropertyTests {
    @Test(arguments: 0..<20 as Range<UInt64>)
    func whatArrivesInTheEndIsTheFileOnceAndNothingIsLeftOpen(seed: UInt64) {
        for round in 0..<15 as Range<UInt64> {
            var world = ModelWorld(seed: seed * 1000 + round)
            world.run(steps: 300)
            #expect(world.faults.isEmpty, "seed \(seed), round \(round)")
        }
    }
}
